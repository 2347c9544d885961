"""Sage's desk under /sandbox/; included only when SANDBOX is on."""

from __future__ import annotations

from django.urls import path

from sandbox import bridge_desk, bridge_views, views
from sandbox.sage_desk import PURCHASE_ORDER, SUBCONTRACT

subcontract, purchase_order = {"kind": SUBCONTRACT}, {"kind": PURCHASE_ORDER}

urlpatterns = [
    path("", views.home, name="sandbox_home"),
    path("subcontracts/", views.record_list, subcontract, name="sandbox_subcontracts"),
    path("subcontracts/new/", views.new_record, subcontract, name="sandbox_subcontract_new"),
    path("subcontracts/<int:recnum>/", views.record_detail, subcontract, name="sandbox_subcontract"),
    path("subcontracts/<int:recnum>/change/", views.change_record, subcontract, name="sandbox_subcontract_change"),
    path("subcontracts/<int:recnum>/delete/", views.delete_subcontract, name="sandbox_subcontract_delete"),
    path("subcontracts/<int:recnum>/invoiced/", views.invoiced, subcontract, name="sandbox_subcontract_invoiced"),
    path("subcontracts/<int:recnum>/changed/", views.changed, name="sandbox_subcontract_changed"),
    path("purchase-orders/", views.record_list, purchase_order, name="sandbox_purchase_orders"),
    path("purchase-orders/new/", views.new_record, purchase_order, name="sandbox_purchase_order_new"),
    path("purchase-orders/<int:recnum>/", views.record_detail, purchase_order, name="sandbox_purchase_order"),
    path(
        "purchase-orders/<int:recnum>/change/",
        views.change_record,
        purchase_order,
        name="sandbox_purchase_order_change",
    ),
    path("purchase-orders/<int:recnum>/void/", views.void_purchase_order, name="sandbox_purchase_order_void"),
    path("purchase-orders/<int:recnum>/reopen/", views.reopen_purchase_order, name="sandbox_purchase_order_reopen"),
    path(
        "purchase-orders/<int:recnum>/received/", views.invoiced, purchase_order, name="sandbox_purchase_order_invoiced"
    ),
    path("jobs/", views.job_list, name="sandbox_jobs"),
    path("jobs/<int:recnum>/status/", views.job_status, name="sandbox_job_status"),
    path("jobs/remove-refused-closed/", views.remove_jobs, name="sandbox_remove_jobs"),
    path("restore/", views.deleted_list, name="sandbox_deleted"),
    path("restore/<int:deleted_id>/", views.restore, name="sandbox_restore"),
    path("bridge/", bridge_desk.bridge_desk, name="sandbox_bridge"),
    path("bridge/commitments", bridge_views.commitments, name="sandbox_bridge_commitments"),
    path("bridge/commitments/<uuid:named>", bridge_views.commitment, name="sandbox_bridge_commitment"),
]
