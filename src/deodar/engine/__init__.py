"""The machine wing: runs tasks, moves values, remembers results. It knows nothing of pipelines or catalogs."""
