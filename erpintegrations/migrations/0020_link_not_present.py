from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("erpintegrations", "0019_link_search")]
    operations = [
        migrations.AddIndex(
            model_name="synclink",
            index=models.Index(
                condition=models.Q(("closed_at", None), models.Q(("presence", "present"), _negated=True)),
                fields=["company", "presence", "number", "id"],
                name="link_not_present",
            ),
        ),
    ]
