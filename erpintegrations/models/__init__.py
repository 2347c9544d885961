from erpintegrations.models.connection import ErpConnection
from erpintegrations.models.export import Export
from erpintegrations.models.heartbeat import TaskHeartbeat
from erpintegrations.models.link import GONE, Presence, SyncLink
from erpintegrations.models.masters import CostCodeLink, CostTypeLink, JobLink, VendorLink
from erpintegrations.models.override import UnlinkOverride
from erpintegrations.models.rejection_mail import RejectionMail
from erpintegrations.models.run import OPEN_STATES, SyncChange, SyncRun
from erpintegrations.models.unlinked import UnlinkedRecord

__all__ = [
    "GONE",
    "OPEN_STATES",
    "CostCodeLink",
    "CostTypeLink",
    "ErpConnection",
    "Export",
    "JobLink",
    "Presence",
    "RejectionMail",
    "SyncChange",
    "SyncLink",
    "SyncRun",
    "TaskHeartbeat",
    "UnlinkOverride",
    "UnlinkedRecord",
    "VendorLink",
]
