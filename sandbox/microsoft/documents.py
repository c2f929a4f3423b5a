"""The tenant as Graph spells it: secureScore and secureScoreControlProfile documents.

Their quirks are kept on purpose, as seen in answers of real tenants: whole numbers come as integers or as
floats, `count`, `total` and `on` are strings, descriptions stand on control scores and never on profiles, and
an average of -1 means that Microsoft has no data.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta

from sandbox.microsoft.catalogue import Control, StateUpdate
from sandbox.microsoft.seasons import DAYS_KEPT, season_and_day
from sandbox.microsoft.statuses import implementation_status
from sandbox.microsoft.tenant import ENABLED_SERVICES, LICENSED_USERS, POPULATIONS

Document = dict[str, object]

VENDOR: Document = {
    "provider": "SecureScore",
    "providerVersion": None,
    "subProvider": None,
    "vendor": "Microsoft",
}
AVERAGE_MAXIMA = {"apps": 188.4, "data": 7.5, "device": 171.0, "identity": 96.2, "infrastructure": 0}
DAY_WITHOUT_AVERAGE = 31


def days_kept(today: date) -> list[date]:
    """The days that Graph still tells of, newest first."""
    return [today - timedelta(days=age) for age in range(DAYS_KEPT)]


def secure_score(
    tenant_id: str, on: date, controls: Sequence[Control], held: Collection[str] = ()
) -> Document:
    """One day's secureScore; its points and maximum are the sums over the controls scored on that day.

    Those in `held` have all their points, whatever is done, since somebody said so.
    """
    scores = [control_score(control, on, held=control.id in held) for control in controls]
    return {
        "id": f"{tenant_id}_{on.isoformat()}",
        "azureTenantId": tenant_id,
        "activeUserCount": 97 if on.weekday() >= 5 else 430 + on.day,
        "createdDateTime": _stamp(datetime.combine(on, time(), UTC)),
        "currentScore": round(sum(points(each, on, held=each.id in held) for each in controls), 2),
        "enabledServices": list(ENABLED_SERVICES),
        "licensedUserCount": LICENSED_USERS,
        "maxScore": sum(control.max_on(on) for control in controls),
        "vendorInformation": VENDOR,
        "averageComparativeScores": _averages(on),
        "controlScores": scores,
    }


def points(control: Control, on: date, *, held: bool = False) -> int | float:
    """What the control scored that day, all that there is where it is `held`.

    All or nothing for a setting; a share of the maximum, to two places, where people or devices are counted.
    """
    maximum = control.max_on(on)
    if held:
        return maximum
    count, total = progress(control, on)
    if control.measure == "setting":
        return maximum * count // total
    return round(float(maximum * count / total), 2)


def progress(control: Control, on: date) -> tuple[int, int]:
    """How many of how many are done; a setting is one of one."""
    total = POPULATIONS.get(control.measure.split()[0], 1)
    percent = control.life.percent(on) if control.life else 0
    return round(total * percent / 100), total


def control_score(control: Control, on: date, *, held: bool = False) -> Document:
    """One entry of `controlScores`. Settings say `on`, counted controls say `count` and `total`.

    What is done says the same where points are `held`.
    """
    count, total = progress(control, on)
    document: Document = {
        "controlCategory": control.category,
        "controlName": control.id,
        "description": control.description,
        "score": points(control, on, held=held),
        "lastSynced": _stamp(_synced_at(control, on)),
        "implementationStatus": implementation_status(control, count, total),
        "scoreInPercentage": 100 if held else round(100 * count / total, 2),
    }
    if control.measure == "setting":
        return document | {"on": "true" if count == total else "false"}
    return document | {"count": str(count), "total": str(total)}


def profile(control: Control, tenant_id: str, today: date) -> Document:
    """One secureScoreControlProfile; `maxScore` is what counts today."""
    return {
        "id": control.id,
        "azureTenantId": tenant_id,
        "actionType": control.action_type,
        "actionUrl": control.action_url,
        "controlCategory": control.category,
        "title": control.title,
        "deprecated": control.deprecated,
        "implementationCost": control.cost,
        "lastModifiedDateTime": None,
        "maxScore": control.max_on(today),
        "rank": control.rank,
        "remediation": control.remediation,
        "remediationImpact": control.impact,
        "service": control.service,
        "threats": list(control.threats),
        "tier": control.tier,
        "userImpact": control.user_impact,
        "vendorInformation": VENDOR,
        "complianceInformation": [],
        "controlStateUpdates": [_state_update(update) for update in control.state_updates] or [_untouched()],
    }


def _state_update(update: StateUpdate) -> Document:
    return {
        "assignedTo": update.assigned_to,
        "comment": update.comment,
        "state": update.state,
        "updatedBy": update.updated_by,
        "updatedDateTime": update.updated_at,
    }


def _untouched() -> Document:
    return {
        "assignedTo": None,
        "comment": None,
        "state": "Default",
        "updatedBy": None,
        "updatedDateTime": None,
    }


def _averages(on: date) -> list[Document]:
    _, day = season_and_day(on)
    of_all, of_size = round(45.1 + day * 0.02, 2), round(48.7 + day * 0.015, 2)
    size: Document = {"SeatSizeRangeLowerValue": "301", "SeatSizeRangeUpperValue": "1000"}
    return [
        _average("AllTenants", of_all, 0.9),
        _average("TotalSeats", -1 if day == DAY_WITHOUT_AVERAGE else of_size, 1.0) | size,
        _average("IndustryTypes", 46, 0.95) | {"categoryValue": "Food processing"},
    ]


def _average(basis: str, percent: float, weight: float) -> Document:
    document: Document = {"basis": basis, "averageScore": percent}
    for category, maximum in AVERAGE_MAXIMA.items():
        document[f"{category}Score"] = round(maximum * 0.48 * weight, 2)
        document[f"{category}ScoreMax"] = maximum
    return document


def _synced_at(control: Control, on: date) -> datetime:
    """Every product reports at its own hour of the day before: the newest answer is always some hours old."""
    minutes = sum(control.service.encode()) * 7 % (24 * 60)
    return datetime.combine(on, time(), UTC) - timedelta(days=1) + timedelta(minutes=minutes, seconds=13)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
