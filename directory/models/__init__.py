from directory.models.activity import Activity, SubjectType, Verb
from directory.models.companies import Company, CompanyMember, Level, Project, ProjectMember
from directory.models.people import User
from directory.models.privilege import PrivilegeRequest
from directory.models.sign_in_links import SignInLinkRequest

__all__ = [
    "Activity",
    "Company",
    "CompanyMember",
    "Level",
    "PrivilegeRequest",
    "Project",
    "ProjectMember",
    "SignInLinkRequest",
    "SubjectType",
    "User",
    "Verb",
]
