"""Answers of Microsoft Graph for tests, as small as they can be."""

from typing import Any


def control(name: str = "mfa", score: object = 0, **others: object) -> dict[str, Any]:
    """One entry of controlScores."""
    return {
        "controlName": name,
        "controlCategory": "Identity",
        "score": score,
        "description": f"What {name} is about.",
        "implementationStatus": "Not yet.",
        "lastSynced": "2026-11-20T03:00:00Z",
        "scoreInPercentage": 0,
        "on": "false",
        **others,
    }


def score(day: str = "2026-11-20", *controls: dict[str, Any], **others: object) -> dict[str, Any]:
    """One secureScore."""
    return {
        "id": f"tenant_{day}",
        "createdDateTime": f"{day}T00:00:00Z",
        "currentScore": sum(float(each["score"] or 0) for each in controls if isinstance(each, dict)),
        "maxScore": 100,
        "activeUserCount": 40,
        "licensedUserCount": 48,
        "averageComparativeScores": [{"basis": "AllTenants", "averageScore": 54.65}],
        "controlScores": list(controls),
        **others,
    }


def profile(name: str = "mfa", **others: object) -> dict[str, Any]:
    """One secureScoreControlProfile."""
    return {
        "id": name,
        "title": f"Turn on {name}",
        "controlCategory": "Identity",
        "service": "AzureAD",
        "maxScore": 10,
        "rank": 1,
        "tier": "Core",
        "userImpact": "low",
        "implementationCost": "Medium",
        "threats": ["Account breach"],
        "remediation": "<p>Open the portal.</p>",
        "remediationImpact": "None.",
        "actionUrl": "https://portal.azure.com/",
        "actionType": "Config",
        "deprecated": False,
        **others,
    }


def page(*items: dict[str, Any], next_link: str = "") -> dict[str, Any]:
    """An answer with these entries."""
    return {"value": list(items)} | ({"@odata.nextLink": next_link} if next_link else {})
