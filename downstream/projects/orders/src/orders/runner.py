from pathlib import Path

from kedro.runner import SequentialRunner


class CountingRunner(SequentialRunner):
    """Runs one after the other and leaves the number of nodes in a file."""

    def _run(self, pipeline, catalog, hook_manager=None, run_id=None):
        super()._run(pipeline, catalog, hook_manager, run_id)
        Path("data/count.txt").write_text(str(len(pipeline.nodes)))
