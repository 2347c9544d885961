
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import erpintegrations.encryption
import uuid
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('commitments', '0002_initial'),
        ('directory', '0002_history_append_only'),
        ('erpintegrations', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CostCodeLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('erp_id', models.CharField(max_length=30)),
                ('erp_name', models.CharField(blank=True, max_length=150)),
                ('linked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('gone_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['erp_id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CostTypeLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('erp_id', models.CharField(max_length=30)),
                ('erp_name', models.CharField(blank=True, max_length=150)),
                ('linked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('gone_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['erp_id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Export',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('subcontract', 'Subcontract'), ('purchase_order', 'Purchase Order')], max_length=20, verbose_name='type')),
                ('number', models.CharField(max_length=50)),
                ('title', models.CharField(max_length=200)),
                ('project_name', models.CharField(max_length=200)),
                ('vendor_name', models.CharField(max_length=150)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14)),
                ('document', models.JSONField()),
                ('commitment_revision', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('ready', 'Ready to export'), ('retrieved', 'Retrieved'), ('rejected', 'Rejected'), ('accepted', 'Accepted'), ('writing', 'Being written'), ('awaiting', 'Awaiting read-back'), ('needs_decision', 'Needs a decision'), ('failed', 'Failed to export'), ('linked', 'Linked')], default='ready', max_length=20)),
                ('method', models.CharField(blank=True, choices=[('entry_sheet', 'Entry sheet'), ('bridge', 'Bridge')], max_length=20)),
                ('erp_number', models.CharField(blank=True, max_length=50)),
                ('key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('sent_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('answered_at', models.DateTimeField(null=True)),
                ('reject_reason', models.TextField(blank=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('lease_token', models.UUIDField(null=True)),
                ('lease_expires_at', models.DateTimeField(null=True)),
                ('written_at', models.DateTimeField(null=True)),
                ('problem', models.TextField(blank=True)),
                ('remedy', models.TextField(blank=True)),
                ('candidate', models.JSONField(blank=True, default=dict)),
                ('finished_at', models.DateTimeField(null=True)),
                ('version', models.PositiveIntegerField(default=1)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='JobLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('erp_id', models.CharField(max_length=30)),
                ('erp_name', models.CharField(blank=True, max_length=150)),
                ('linked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('gone_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['erp_id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='UnlinkedRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('erp_id', models.CharField(max_length=64)),
                ('kind', models.CharField(choices=[('subcontract', 'Subcontract'), ('purchase_order', 'Purchase Order')], max_length=20, verbose_name='type')),
                ('number', models.CharField(max_length=50)),
                ('description', models.CharField(blank=True, max_length=200)),
                ('job_id', models.CharField(blank=True, max_length=30)),
                ('vendor_id', models.CharField(blank=True, max_length=30)),
                ('status', models.CharField(blank=True, max_length=30)),
                ('amount', models.DecimalField(decimal_places=2, default=Decimal('0.00'), max_digits=14)),
                ('first_seen_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['number', 'id'],
            },
        ),
        migrations.CreateModel(
            name='UnlinkOverride',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'Waiting for consent'), ('consented', 'Consented'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn')], default='waiting', max_length=10)),
                ('reason', models.TextField()),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('answered_at', models.DateTimeField(null=True)),
                ('answer', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='VendorLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('erp_id', models.CharField(max_length=30)),
                ('erp_name', models.CharField(blank=True, max_length=150)),
                ('linked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('gone_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['erp_id'],
                'abstract': False,
            },
        ),
        migrations.RemoveConstraint(
            model_name='synclink',
            name='link_closed_by_a_person_and_only_when_gone',
        ),
        migrations.AddField(
            model_name='erpconnection',
            name='bridge_secret',
            field=erpintegrations.encryption.EncryptedTextField(blank=True, default=''),
        ),
        migrations.AddField(
            model_name='erpconnection',
            name='bridge_url',
            field=models.URLField(blank=True, max_length=400),
        ),
        migrations.AddField(
            model_name='erpconnection',
            name='export_method',
            field=models.CharField(choices=[('entry_sheet', 'Entry sheet: accounting keys it in'), ('bridge', 'Bridge: a service writes it')], default='entry_sheet', max_length=20),
        ),
        migrations.AddField(
            model_name='erpconnection',
            name='label',
            field=models.CharField(blank=True, help_text='Your own name for this connection.', max_length=100),
        ),
        migrations.AddField(
            model_name='erpconnection',
            name='rejection_mail',
            field=models.CharField(choices=[('each', 'At once, one each'), ('daily', 'Once a day, all in one')], default='each', max_length=10),
        ),
        migrations.AddField(
            model_name='erpconnection',
            name='text_widths',
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name='erpconnection',
            name='text_widths_read_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='erpconnection',
            name='use_commitment_number',
            field=models.BooleanField(default=True, verbose_name='use commitment number'),
        ),
        migrations.AddField(
            model_name='synclink',
            name='erp_lines_digest',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='synclink',
            name='expected_lines_digest',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='synclink',
            name='expected_vendor_id',
            field=models.CharField(blank=True, max_length=30),
        ),
        migrations.AddField(
            model_name='synclink',
            name='left_in_erp',
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name='synclink',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('close_token', None), ('closed_at', None), ('closed_by', None), ('closed_commitment_revision', None)), models.Q(('close_token__isnull', False), ('closed_at__isnull', False), ('closed_by__isnull', False), ('closed_commitment_revision__isnull', False), models.Q(('presence__in', ('deleted', 'voided', 'purged')), ('left_in_erp', True), _connector='OR')), _connector='OR'), name='link_closed_by_a_person_when_gone_or_by_two'),
        ),
        migrations.AddField(
            model_name='costcodelink',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.company'),
        ),
        migrations.AddField(
            model_name='costcodelink',
            name='connection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='erpintegrations.erpconnection'),
        ),
        migrations.AddField(
            model_name='costcodelink',
            name='cost_code',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='erp_link', to='commitments.costcode'),
        ),
        migrations.AddField(
            model_name='costcodelink',
            name='linked_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='costtypelink',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.company'),
        ),
        migrations.AddField(
            model_name='costtypelink',
            name='connection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='erpintegrations.erpconnection'),
        ),
        migrations.AddField(
            model_name='costtypelink',
            name='cost_type',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='erp_link', to='commitments.costtype'),
        ),
        migrations.AddField(
            model_name='costtypelink',
            name='linked_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='export',
            name='answered_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='export',
            name='commitment',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='exports', to='commitments.commitment'),
        ),
        migrations.AddField(
            model_name='export',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.company'),
        ),
        migrations.AddField(
            model_name='export',
            name='connection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exports', to='erpintegrations.erpconnection'),
        ),
        migrations.AddField(
            model_name='export',
            name='link',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='exports', to='erpintegrations.synclink'),
        ),
        migrations.AddField(
            model_name='export',
            name='project',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.project'),
        ),
        migrations.AddField(
            model_name='export',
            name='sent_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='joblink',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.company'),
        ),
        migrations.AddField(
            model_name='joblink',
            name='connection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='erpintegrations.erpconnection'),
        ),
        migrations.AddField(
            model_name='joblink',
            name='linked_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='joblink',
            name='project',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='job_link', to='directory.project'),
        ),
        migrations.AddField(
            model_name='unlinkedrecord',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.company'),
        ),
        migrations.AddField(
            model_name='unlinkedrecord',
            name='connection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='unlinked_records', to='erpintegrations.erpconnection'),
        ),
        migrations.AddField(
            model_name='unlinkoverride',
            name='answered_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='unlinkoverride',
            name='asked_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='unlinkoverride',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.company'),
        ),
        migrations.AddField(
            model_name='unlinkoverride',
            name='link',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='overrides', to='erpintegrations.synclink'),
        ),
        migrations.AddField(
            model_name='vendorlink',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.company'),
        ),
        migrations.AddField(
            model_name='vendorlink',
            name='connection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='erpintegrations.erpconnection'),
        ),
        migrations.AddField(
            model_name='vendorlink',
            name='linked_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='vendorlink',
            name='vendor',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='erp_link', to='commitments.vendor'),
        ),
        migrations.AddConstraint(
            model_name='costcodelink',
            constraint=models.UniqueConstraint(fields=('connection', 'erp_id'), name='costcodelink_once_per_erp_record'),
        ),
        migrations.AddConstraint(
            model_name='costcodelink',
            constraint=models.CheckConstraint(condition=models.Q(('erp_id', ''), _negated=True), name='costcodelink_erp_id_not_blank'),
        ),
        migrations.AddConstraint(
            model_name='costtypelink',
            constraint=models.UniqueConstraint(fields=('connection', 'erp_id'), name='costtypelink_once_per_erp_record'),
        ),
        migrations.AddConstraint(
            model_name='costtypelink',
            constraint=models.CheckConstraint(condition=models.Q(('erp_id', ''), _negated=True), name='costtypelink_erp_id_not_blank'),
        ),
        migrations.AddIndex(
            model_name='export',
            index=models.Index(fields=['company', 'state', '-id'], name='export_by_state'),
        ),
        migrations.AddIndex(
            model_name='export',
            index=models.Index(fields=['commitment', '-id'], name='export_by_commitment'),
        ),
        migrations.AddConstraint(
            model_name='export',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['ready', 'accepted', 'writing', 'awaiting', 'needs_decision', 'failed'])), fields=('commitment',), name='export_one_open_per_commitment'),
        ),
        migrations.AddConstraint(
            model_name='export',
            constraint=models.UniqueConstraint(models.F('connection'), models.F('kind'), django.db.models.functions.text.Upper('erp_number'), condition=models.Q(('state__in', ['accepted', 'writing', 'awaiting', 'needs_decision', 'failed'])), name='export_one_open_per_erp_number'),
        ),
        migrations.AddConstraint(
            model_name='export',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['accepted', 'writing', 'awaiting', 'needs_decision', 'failed', 'linked']), _negated=True), models.Q(('answered_at__isnull', False), ('answered_by__isnull', False), models.Q(('erp_number', ''), _negated=True)), _connector='OR'), name='export_accepted_by_somebody_under_a_number'),
        ),
        migrations.AddConstraint(
            model_name='export',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'rejected'), _negated=True), models.Q(('reject_reason', ''), _negated=True), _connector='OR'), name='export_rejected_with_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='export',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('link__isnull', False), ('state', 'linked')), models.Q(('state', 'linked'), _negated=True), _connector='OR'), name='export_linked_has_its_link'),
        ),
        migrations.AddConstraint(
            model_name='export',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'writing'), _negated=True), models.Q(('lease_expires_at__isnull', False), ('lease_token__isnull', False)), _connector='OR'), name='export_writing_has_a_lease'),
        ),
        migrations.AddConstraint(
            model_name='joblink',
            constraint=models.UniqueConstraint(fields=('connection', 'erp_id'), name='joblink_once_per_erp_record'),
        ),
        migrations.AddConstraint(
            model_name='joblink',
            constraint=models.CheckConstraint(condition=models.Q(('erp_id', ''), _negated=True), name='joblink_erp_id_not_blank'),
        ),
        migrations.AddIndex(
            model_name='unlinkedrecord',
            index=models.Index(fields=['company', 'number', 'id'], name='unlinked_by_number'),
        ),
        migrations.AddIndex(
            model_name='unlinkedrecord',
            index=models.Index(fields=['company', 'amount', 'id'], name='unlinked_by_amount'),
        ),
        migrations.AddIndex(
            model_name='unlinkedrecord',
            index=models.Index(fields=['company', 'vendor_id', 'id'], name='unlinked_by_vendor'),
        ),
        migrations.AddConstraint(
            model_name='unlinkedrecord',
            constraint=models.UniqueConstraint(fields=('connection', 'erp_id'), name='unlinked_record_once'),
        ),
        migrations.AddIndex(
            model_name='unlinkoverride',
            index=models.Index(fields=['company', 'state', '-id'], name='override_by_state'),
        ),
        migrations.AddConstraint(
            model_name='unlinkoverride',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('link',), name='override_one_waiting_per_link'),
        ),
        migrations.AddConstraint(
            model_name='unlinkoverride',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='override_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='unlinkoverride',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'consented'), _negated=True), models.Q(('answered_by__isnull', False), models.Q(('answered_by', models.F('asked_by')), _negated=True)), _connector='OR'), name='override_consented_by_somebody_else'),
        ),
        migrations.AddConstraint(
            model_name='vendorlink',
            constraint=models.UniqueConstraint(fields=('connection', 'erp_id'), name='vendorlink_once_per_erp_record'),
        ),
        migrations.AddConstraint(
            model_name='vendorlink',
            constraint=models.CheckConstraint(condition=models.Q(('erp_id', ''), _negated=True), name='vendorlink_erp_id_not_blank'),
        ),
    ]
