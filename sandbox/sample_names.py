"""The words of the sample company: people, projects, vendors, and what is bought from them. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

COMPANY_NAME, COMPANY_SLUG = "Harbor Point Builders", "harbor-point-builders"

COST_TYPES = {1: "Material", 2: "Labor", 3: "Equipment", 4: "Subcontract", 5: "Other"}
COST_CODES = {
    "1500.000": "Temporary Facilities",
    "2200.000": "Earthwork",
    "2500.000": "Site Utilities",
    "2740.000": "Asphalt Paving",
    "2900.000": "Landscaping",
    "3200.000": "Reinforcing Steel",
    "3300.000": "Cast-in-Place Concrete",
    "4200.000": "Masonry",
    "5100.000": "Structural Steel",
    "5500.000": "Metal Fabrications",
    "6100.000": "Rough Carpentry",
    "6400.000": "Millwork",
    "7200.000": "Insulation",
    "7500.000": "Roofing",
    "7900.000": "Waterproofing and Sealants",
    "8100.000": "Doors, Frames and Hardware",
    "8800.000": "Glass and Glazing",
    "9250.000": "Drywall and Framing",
    "9300.000": "Tile",
    "9500.000": "Acoustical Ceilings",
    "9680.000": "Flooring",
    "9900.000": "Painting",
    "10800.000": "Toilet Accessories",
    "14200.000": "Elevators",
    "15300.000": "Fire Protection",
    "15400.000": "Plumbing",
    "15700.000": "Heating and Ventilation",
    "16100.000": "Electrical",
    "16700.000": "Low Voltage Systems",
}


@dataclass(frozen=True, slots=True)
class Subcontractor:
    """A vendor who works on site. `scope` begins the title of each subcontract, `work` are the lines to choose from."""

    name: str
    cost_code: str
    scope: str
    work: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Supplier:
    """A vendor who delivers. `goods` are (description, unit, unit cost) to choose from."""

    name: str
    cost_code: str
    scope: str
    goods: tuple[tuple[str, str, Decimal], ...]


AREAS = (
    "Level 1",
    "Level 2",
    "Level 3",
    "North wing",
    "South wing",
    "East side",
    "West side",
    "Core",
    "Lobby",
    "Annex",
)

SUBCONTRACTORS = tuple(
    Subcontractor(*entry)
    for entry in (
        ("Atlantic Concrete Works", "3300.000", "Concrete", ("Footings", "Slab on grade", "Elevated decks", "Columns")),
        ("Bayline Excavating", "2200.000", "Earthwork", ("Strip topsoil", "Mass excavation", "Backfill", "Haul off")),
        ("Beacon Steel Erectors", "5100.000", "Structural steel", ("Columns and beams", "Metal deck", "Shear studs")),
        ("Blue Heron Landscaping", "2900.000", "Landscaping", ("Planting", "Irrigation", "Topsoil and seed")),
        ("Brightwater Plumbing", "15400.000", "Plumbing", ("Underground", "Rough-in", "Fixtures", "Testing")),
        ("Cape Ann Masonry", "4200.000", "Masonry", ("Face brick", "CMU back-up", "Flashing", "Cleaning")),
        ("Cedar Hill Framing", "6100.000", "Wood framing", ("Exterior walls", "Interior walls", "Roof trusses")),
        ("Coastal Fire Protection", "15300.000", "Fire sprinklers", ("Mains and risers", "Branch lines", "Heads")),
        ("Compass Electric", "16100.000", "Electrical", ("Service and gear", "Branch wiring", "Lighting", "Devices")),
        ("Crown Elevator", "14200.000", "Elevators", ("Hoistway equipment", "Cab finishes", "Controls")),
        ("Dunmore Painting", "9900.000", "Painting", ("Prime coat", "Finish coats", "Touch-up")),
        ("Eastgate Drywall", "9250.000", "Drywall", ("Metal studs", "Board", "Taping", "Shaft walls")),
        ("Fairhaven Flooring", "9680.000", "Flooring", ("Resilient flooring", "Carpet tile", "Rubber base")),
        ("Granite State Roofing", "7500.000", "Roofing", ("Membrane", "Tapered insulation", "Edge metal")),
        ("Harborlight Glass", "8800.000", "Glazing", ("Curtain wall", "Storefront", "Interior glass")),
        ("Ironbridge Fabricators", "5500.000", "Misc. metals", ("Stairs", "Railings", "Lintels", "Bollards")),
        ("Kestrel Communications", "16700.000", "Low voltage", ("Cabling", "Access control", "Cameras")),
        ("Lakeside Mechanical", "15700.000", "HVAC", ("Ductwork", "Air handlers", "Hydronic piping", "Balancing")),
        ("Meridian Tile & Stone", "9300.000", "Tile", ("Floor tile", "Wall tile", "Waterproof membrane")),
        ("Northfield Utilities", "2500.000", "Site utilities", ("Storm drain", "Sanitary sewer", "Water main")),
        ("Oak & Anchor Millwork", "6400.000", "Millwork", ("Casework", "Reception desk", "Wall panels")),
        ("Pioneer Paving", "2740.000", "Paving", ("Base course", "Binder course", "Top course", "Striping")),
        ("Quarry Road Sealants", "7900.000", "Waterproofing", ("Foundation membrane", "Joint sealants")),
        ("Seaboard Ceilings", "9500.000", "Ceilings", ("Suspension grid", "Ceiling panels", "Acoustic clouds")),
    )
)

SUPPLIERS = tuple(
    Supplier(name, code, scope, tuple((what, unit, Decimal(cost)) for what, unit, cost in goods))
    for name, code, scope, goods in (
        (
            "Allied Rebar Supply",
            "3200.000",
            "Reinforcing steel",
            (("Rebar #5", "ton", "1185.00"), ("Mesh", "ea", "42.50")),
        ),
        (
            "Baystate Ready Mix",
            "3300.000",
            "Ready-mix",
            (("4000 psi", "cy", "168.00"), ("Grout", "cy", "212.00")),
        ),
        (
            "Bluestone Aggregates",
            "2200.000",
            "Aggregates",
            (("Crushed stone", "ton", "27.40"), ("Sand", "ton", "19.75")),
        ),
        ("Central Door & Hardware", "8100.000", "Doors", (("Steel door", "ea", "486.00"), ("Lockset", "ea", "312.00"))),
        ("Delta Lumber", "6100.000", "Lumber", (("2x6 studs", "ea", "9.85"), ("Plywood 3/4", "ea", "61.30"))),
        (
            "Evergreen Insulation",
            "7200.000",
            "Insulation",
            (("Batts R-21", "sf", "1.12"), ("Rigid board", "sf", "2.38")),
        ),
        (
            "Foundry Pipe & Valve",
            "15400.000",
            "Pipe and valves",
            (("Copper 2 in", "ft", "18.60"), ("Valve", "ea", "94.00")),
        ),
        (
            "Gateway Lighting",
            "16100.000",
            "Light fixtures",
            (("LED troffer", "ea", "148.00"), ("Exit sign", "ea", "67.50")),
        ),
        (
            "Hillcrest Appliances",
            "10800.000",
            "Accessories",
            (("Grab bar", "ea", "58.00"), ("Dispenser", "ea", "83.25")),
        ),
        (
            "Island Crane Rental",
            "1500.000",
            "Crane rental",
            (("Crane, week", "wk", "6850.00"), ("Operator", "hr", "118.00")),
        ),
        ("Keystone Fasteners", "5500.000", "Anchors", (("Anchor bolt", "ea", "6.45"), ("Epoxy", "ea", "31.90"))),
        ("Liberty Paint Supply", "9900.000", "Paint", (("Primer", "gal", "28.75"), ("Eggshell", "gal", "41.20"))),
        (
            "Metro Site Services",
            "1500.000",
            "Site services",
            (("Fence panel", "ea", "74.00"), ("Trailer", "mo", "495.00")),
        ),
        (
            "Palisade Tile Supply",
            "9300.000",
            "Tile supply",
            (("Porcelain 12x24", "sf", "4.85"), ("Thinset", "bag", "26.10")),
        ),
        (
            "Summit Switchgear",
            "16100.000",
            "Switchgear",
            (("Panelboard", "ea", "3240.00"), ("Breaker", "ea", "186.00")),
        ),
        (
            "Tidewater Mechanical Sup.",
            "15700.000",
            "Air units",
            (("Fan coil", "ea", "2165.00"), ("Diffuser", "ea", "76.40")),
        ),
    )
)


@dataclass(frozen=True, slots=True)
class SageJob:
    """A job in Sage. `project` is ours that it belongs to, or "" for one that is kept in Sage alone."""

    number: int
    name: str
    status: int
    project: str


PROJECTS = {
    "24-101": "Harbor Point Medical Office",
    "24-102": "Riverside Elementary School",
    "25-103": "Cannery Row Lofts",
}
# Accounting books some work under a job of its own. 104 is such a one, closed, and is removed in the sample's story.
SAGE_JOBS = tuple(
    SageJob(*entry)
    for entry in (
        (90, "Old Mill Renovation", 5, ""),
        (101, "Harbor Point Medical Office", 4, "24-101"),
        (102, "Riverside Elementary School", 4, "24-102"),
        (103, "Cannery Row Lofts", 4, "25-103"),
        (104, "Cannery Row Lofts - Demolition", 6, "25-103"),
        (105, "Harbor Point Medical - Parking", 4, "24-101"),
        (106, "Beacon Hill Library", 1, ""),
        (107, "Fairview Garage", 2, ""),
    )
)
REMOVED_JOB, PARKING_JOB, REFUSED_JOB = 104, 105, 107
JOB_OF_PROJECT = {"24-101": 101, "24-102": 102, "25-103": 103}
