from erpintegrations.models.connection import ErpConnection
from erpintegrations.models.heartbeat import TaskHeartbeat
from erpintegrations.models.link import GONE, Presence, SyncLink
from erpintegrations.models.run import OPEN_STATES, SyncChange, SyncRun

__all__ = [
    "GONE",
    "OPEN_STATES",
    "ErpConnection",
    "Presence",
    "SyncChange",
    "SyncLink",
    "SyncRun",
    "TaskHeartbeat",
]
