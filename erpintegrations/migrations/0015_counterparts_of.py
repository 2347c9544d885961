from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('erpintegrations', '0014_why_left'),
    ]

    operations = [
        migrations.AddField(
            model_name='erpconnection',
            name='counterparts_of',
            field=models.CharField(blank=True, default='', editable=False, max_length=400),
            preserve_default=False,
        ),
    ]
