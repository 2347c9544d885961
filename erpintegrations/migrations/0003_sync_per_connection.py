from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("erpintegrations", "0002_exports"),
    ]

    operations = [
        migrations.AddField(
            model_name="erpconnection",
            name="version",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddIndex(
            model_name="syncrun",
            index=models.Index(fields=["connection", "trigger", "-id"], name="run_by_trigger"),
        ),
        migrations.AddConstraint(
            model_name="erpconnection",
            constraint=models.CheckConstraint(
                condition=models.Q(("interval_minutes__range", (5, 1440))),
                name="connection_interval_of_5_minutes_to_a_day",
            ),
        ),
    ]
