
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('commitments', '0002_initial'),
        ('directory', '0002_history_append_only'),
        ('erpintegrations', '0005_drift'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='synclink',
            index=models.Index(condition=models.Q(('closed_at', None), ('presence', 'present')), fields=['connection', '-erp_updated_at', '-id'], name='link_changed_last'),
        ),
    ]
