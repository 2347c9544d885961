from erpintegrations.models.bring_in import BringIn
from erpintegrations.models.connection import ErpConnection
from erpintegrations.models.connection_check import ConnectionCheck
from erpintegrations.models.export import Export
from erpintegrations.models.found_master import FoundMaster
from erpintegrations.models.heartbeat import TaskHeartbeat
from erpintegrations.models.link import GONE, Presence, SyncLink
from erpintegrations.models.masters import CostCodeLink, CostTypeLink, JobLink, VendorLink
from erpintegrations.models.override import UnlinkOverride
from erpintegrations.models.rejection_mail import RejectionMail
from erpintegrations.models.run import OPEN_STATES, SyncChange, SyncRun
from erpintegrations.models.standing_decision import StandingDecision
from erpintegrations.models.unlinked import UnlinkedRecord

__all__ = [
    "GONE",
    "OPEN_STATES",
    "BringIn",
    "ConnectionCheck",
    "CostCodeLink",
    "CostTypeLink",
    "ErpConnection",
    "Export",
    "FoundMaster",
    "JobLink",
    "Presence",
    "RejectionMail",
    "StandingDecision",
    "SyncChange",
    "SyncLink",
    "SyncRun",
    "TaskHeartbeat",
    "UnlinkOverride",
    "UnlinkedRecord",
    "VendorLink",
]
