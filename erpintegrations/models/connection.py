"""A company's way to its ERP."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from erpintegrations.connectors import Connector, Wording, connector_for, wording_for
from erpintegrations.connectors.base import ErpIdentity
from erpintegrations.encryption import EncryptedTextField

# Minutes between two syncs by the schedule.
SHORTEST_INTERVAL, LONGEST_INTERVAL = 5, 24 * 60


class ErpConnection(models.Model):
    """Where a company's ERP is read from, and which server, database and company answered when it was set up.

    `server`, `database` and `erp_company` are learned at the first reading; after that, an answer from anywhere else
    is an error and never a deletion. They are blank again when the database URL is changed. `text_widths` are the ERP's
    column widths as last read, by name (see `connectors.base.TextWidths`). `masters_read_at` is when jobs, vendors and
    codes were last read, `masters_doubt` why what was missing then is not marked as gone. `counterparts_of` is which
    company in the ERP our counterparts are of, from when the database URL was changed until a reading has compared them
    with what answers now; else blank. `version` counts how often a person changed the settings: whoever saves them
    says which version they saw.
    """

    company = models.OneToOneField("directory.Company", on_delete=models.PROTECT, related_name="erp_connection")
    connector_key = models.CharField("accounting system", max_length=30, default="sage100")
    database_url = EncryptedTextField("database URL", help_text="Stored encrypted and never shown again.")
    server = models.CharField(max_length=400, blank=True, editable=False)
    database = models.CharField(max_length=400, blank=True, editable=False)
    erp_company = models.CharField("company in the ERP", max_length=400, blank=True, editable=False)
    is_enabled = models.BooleanField("hourly sync", default=True)
    interval_minutes = models.PositiveSmallIntegerField(
        default=60,
        validators=[MinValueValidator(SHORTEST_INTERVAL), MaxValueValidator(LONGEST_INTERVAL)],
        editable=False,
    )
    label = models.CharField(max_length=100, blank=True, help_text="Your own name for this connection.")
    export_method = models.CharField(
        max_length=20,
        choices=[("entry_sheet", "Entry sheet: accounting keys it in"), ("bridge", "Bridge: a service writes it")],
        default="entry_sheet",
    )
    bridge_url = models.URLField(max_length=400, blank=True)
    bridge_secret = EncryptedTextField(blank=True, default="")
    use_commitment_number = models.BooleanField("use commitment number", default=True)
    rejection_mail = models.CharField(
        max_length=10, choices=[("each", "At once, one each"), ("daily", "Once a day, all in one")], default="each"
    )
    text_widths = models.JSONField(default=dict, blank=True, editable=False)
    text_widths_read_at = models.DateTimeField(null=True, editable=False)
    masters_read_at = models.DateTimeField(null=True, editable=False)
    masters_doubt = models.TextField(blank=True, editable=False)
    counterparts_of = models.CharField(max_length=400, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = "ERP connection"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(interval_minutes__range=(SHORTEST_INTERVAL, LONGEST_INTERVAL)),
                name="connection_interval_of_5_minutes_to_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(server="", database="", erp_company="")
                | ~models.Q(server="") & ~models.Q(database="") & ~models.Q(erp_company=""),
                name="connection_identity_whole_or_none",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company} – {self.wording.label}"

    @property
    def wording(self) -> Wording:
        return wording_for(self.connector_key)

    @property
    def identity(self) -> ErpIdentity | None:
        """Who must answer; None until the first reading."""
        return ErpIdentity(self.server, self.database, self.erp_company) if self.server else None

    @property
    def has_foreign_counterparts(self) -> bool:
        """Whether our counterparts are of another company than answers now, and not yet compared with its own."""
        return self.counterparts_of not in ("", self.erp_company)

    def connector(self) -> Connector:
        """Raises NeedsAttention when the database URL cannot be understood."""
        return connector_for(self.connector_key, self.database_url)
