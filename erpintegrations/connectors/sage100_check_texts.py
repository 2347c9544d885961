"""What Test connection says about Sage 100 Contractor's database to who runs it, with the T-SQL that helps.

Only `sage100_checks` imports this. The names in brackets are placeholders: no result shows a connection's login.
"""

from __future__ import annotations

LOGON_TRIGGER = (
    "Sage keeps other programs out of its database server: its logon trigger SageApplicationsOnly refused the "
    "connection (SQL Server error 17892, “SAGE ERROR 50004”). The login and the password were accepted."
)
LOGON_TRIGGER_WAYS = """\
There are three ways in, the best one first.
1. Let the connection read a copy of the company's database on another instance, such as a backup that is restored \
every night. Nothing on Sage's own server is touched; what is read is as old as the copy.
2. Have the server's administrator exempt this one login from the trigger, as shown below. An upgrade of Sage may put \
its own trigger back: then this check fails again, and the exemption has to be made again.
3. As a last resort, make the login a sysadmin, which the trigger lets in. It may then do everything on that server, \
and this list warns of it.
This program never pretends to be one of Sage's own."""
LOGON_TRIGGER_STATEMENTS = """\
-- The second way. Keep the trigger as it is now: save the definition that this shows.
SELECT t.name, t.is_disabled, m.definition
FROM sys.server_triggers AS t
JOIN sys.server_sql_modules AS m ON m.object_id = t.object_id
WHERE t.name = N'SageApplicationsOnly';
-- Where definition is NULL, the trigger is encrypted and cannot be changed: ask Sage's
-- support, or take the first way.

-- Run that definition with ALTER TRIGGER in place of CREATE TRIGGER, and this as the
-- first line of its body (after AS, or its first BEGIN); change nothing else:
IF ORIGINAL_LOGIN() = N'erp_reader' RETURN;

-- Stay signed in as an administrator until, in another window, erp_reader and a user
-- of Sage could both sign in: a broken logon trigger locks everybody out.
"""

GRANT_READING = """\
USE [company database];
IF DATABASE_PRINCIPAL_ID(N'erp_reader') IS NULL
    CREATE USER [erp_reader] FOR LOGIN [erp_reader];
ELSE
    ALTER USER [erp_reader] WITH LOGIN = [erp_reader];  -- in a restored copy, it is another server's
ALTER ROLE db_datareader ADD MEMBER [erp_reader];
"""

MAY_WRITE = (
    "Nothing here ever writes to this database, but its login could: whoever got hold of it could change the books."
)
TAKE_WRITING = """\
USE [company database];
ALTER ROLE db_datawriter DROP MEMBER [erp_reader];  -- and db_owner, if it is in there
ALTER ROLE db_datareader ADD MEMBER [erp_reader];
DENY INSERT, UPDATE, DELETE ON SCHEMA::dbo TO [erp_reader];
"""

IS_SYSADMIN = (
    "The connection's login is a sysadmin: whoever got hold of it could do everything on that server, in every "
    "company's database."
)
IS_SYSADMIN_REMEDY = (
    "Give it a login of its own that reads this database alone. If it is a sysadmin to get past Sage's logon trigger, "
    "reading a copy of the database or exempting the login from the trigger are the better ways."
)
TAKE_SYSADMIN = """\
ALTER SERVER ROLE sysadmin DROP MEMBER [erp_reader];
USE [company database];
CREATE USER [erp_reader] FOR LOGIN [erp_reader];  -- a sysadmin may have none yet
ALTER ROLE db_datareader ADD MEMBER [erp_reader];
"""

TABLES = {
    "actrec": "jobs",
    "actpay": "vendors",
    "cstcde": "cost codes",
    "csttyp": "cost types",
    "subcon": "subcontracts",
    "sbcnln": "subcontract lines",
    "pchord": "purchase orders",
    "pcorln": "purchase order lines",
}
# What does not work without a column that only some databases have.
WITHOUT = {
    "subcon.dscrpt": "a subcontract's title is not read, so it is not compared with the commitment's",
    "subcon.rtnrte": "a subcontract's retainage is not read, so it is neither compared nor brought in",
    "pcorln.dscrpt": "the texts of a purchase order's lines are not read, so they are not compared",
}
