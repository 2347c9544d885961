"""The history refuses to be changed or deleted, also by SQL: a trigger on both databases."""

from django.db import migrations

SQLITE = [
    "CREATE TRIGGER activity_refuses_update BEFORE UPDATE ON directory_activity "
    "BEGIN SELECT RAISE(ABORT, 'The history is append-only.'); END",
    "CREATE TRIGGER activity_refuses_delete BEFORE DELETE ON directory_activity "
    "BEGIN SELECT RAISE(ABORT, 'The history is append-only.'); END",
]
POSTGRESQL = [
    "CREATE FUNCTION activity_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'The history is append-only.'; END $$",
    "CREATE TRIGGER activity_refuses_change BEFORE UPDATE OR DELETE ON directory_activity "
    "FOR EACH ROW EXECUTE FUNCTION activity_is_append_only()",
]
SQLITE_BACK = ["DROP TRIGGER activity_refuses_update", "DROP TRIGGER activity_refuses_delete"]
POSTGRESQL_BACK = [
    "DROP TRIGGER activity_refuses_change ON directory_activity",
    "DROP FUNCTION activity_is_append_only()",
]


def forwards(apps, schema_editor):
    _run(schema_editor, {"sqlite": SQLITE, "postgresql": POSTGRESQL})


def backwards(apps, schema_editor):
    _run(schema_editor, {"sqlite": SQLITE_BACK, "postgresql": POSTGRESQL_BACK})


def _run(schema_editor, statements):
    for statement in statements[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("directory", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
