"""Every store of the house: whoever copies, moves or compares all there is needs each of their tables to be known."""

from __future__ import annotations

from channels import store as channels_store
from channels.board import store as board_store
from channels.classes import store as class_store
from channels.classes.given import store as given_store
from channels.classes.people import store as class_people_store
from channels.feedback import store as feedback_store
from channels.past import store as past_store
from channels.pulls import store as pull_store
from channels.setting import store as setting_store
from channels.shelf import store as shelf_store
from channels.site import store as site_store
from channels.station import store as station_store
from content import store as content_store
from content.contests import store as contest_store
from content.contests.entries import store as entry_store
from content.glossary import store as glossary_store
from content.passing import store as passing_store
from content.procedures import store as procedure_store
from content.recordings import store as recording_store
from content.units import store as unit_store
from desk import store as desk_store
from desk.composing import store as scratch_store
from desk.delegation import store as delegation_store
from desk.listening import store as listening_store
from desk.plan import store as plan_store
from desk.reporting import store as reporting_store
from desk.second_step import store as second_step_store
from scheduler import store as scheduler_store
from scheduler.diversion import store as diversion_store
from scheduler.events import store as event_store
from scheduler.inquiry import store as inquiry_store
from scheduler.retraction import store as retraction_store
from scheduler.ride import store as ride_store
from scheduler.subscription import store as subscription_store

STORES = (
    channels_store,
    feedback_store,
    class_store,
    class_people_store,
    given_store,
    board_store,
    past_store,
    pull_store,
    setting_store,
    shelf_store,
    site_store,
    station_store,
    content_store,
    contest_store,
    entry_store,
    glossary_store,
    passing_store,
    procedure_store,
    recording_store,
    unit_store,
    desk_store,
    scratch_store,
    delegation_store,
    listening_store,
    plan_store,
    reporting_store,
    second_step_store,
    scheduler_store,
    diversion_store,
    event_store,
    inquiry_store,
    retraction_store,
    ride_store,
    subscription_store,
)
"""Each adds its tables to the metadata when it is imported."""
