from harbour.hooks import Pilot, Watch

HOOKS = (Watch("first"), Pilot(), Watch("second"))
