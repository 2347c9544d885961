"""An index for the search of links; where the database cannot have it, the lists find the same without it."""

import sys

from django.db import migrations

from erpintegrations.models import link_search


def forwards(apps, schema_editor):
    connection = schema_editor.connection
    problem = link_search.create(connection)
    if problem:
        print(f"\n{link_search.WITHOUT_IT} {link_search.remedy(connection)} ({problem})", file=sys.stderr)


def backwards(apps, schema_editor):
    link_search.drop(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("erpintegrations", "0018_link_not_deletable")]
    operations = [migrations.RunPython(forwards, backwards)]
