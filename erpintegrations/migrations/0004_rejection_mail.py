
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0002_history_append_only'),
        ('erpintegrations', '0003_sync_per_connection'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RejectionMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_digest', models.BooleanField(default=False)),
                ('origin', models.CharField(blank=True, max_length=300)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('sending', 'Being sent'), ('sent', 'Sent'), ('given_up', 'Given up')], default='waiting', max_length=10)),
                ('due_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('token', models.UUIDField(null=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.company')),
                ('export', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='rejection_mail', to='erpintegrations.export')),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['state', 'due_at'], name='rejection_mail_due'), models.Index(fields=['company', 'recipient', 'state'], name='rejection_mail_of_recipient')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['sending', 'sent']), _negated=True), ('token__isnull', False), _connector='OR'), name='rejection_mail_sent_by_who_claimed_it')],
            },
        ),
        migrations.AddIndex(
            model_name='export',
            index=models.Index(fields=['company', 'state', 'number', 'id'], name='export_by_number'),
        ),
        migrations.AddIndex(
            model_name='export',
            index=models.Index(fields=['company', 'state', 'project_name', 'id'], name='export_by_project'),
        ),
        migrations.AddIndex(
            model_name='export',
            index=models.Index(fields=['company', 'state', 'vendor_name', 'id'], name='export_by_vendor'),
        ),
        migrations.AddIndex(
            model_name='export',
            index=models.Index(fields=['company', 'state', 'amount', 'id'], name='export_by_amount'),
        ),
    ]
