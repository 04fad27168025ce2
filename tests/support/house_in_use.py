"""The small house with one person of each role, adopted by a running hub."""

from routing.plan import Role
from tests.support.exchange import Exchange


def with_everyone(text: str) -> str:
    """Return a house file with somebody of each role, who may sign in as `the-<role>`."""
    for role in Role:
        level = "student" if role is Role.STUDENT else "nurse"
        text = text.replace(
            "staff:\n",
            f"staff:\n  the-{role}: {{ name: Den {role}, role: {role}, "
            f"competence: {level}, units: [nord], login: the-{role} }}\n",
            1,
        )
    return text


async def adopted(hub: Exchange, text: str) -> None:
    """Let the leader put this house file in use."""
    leader = await hub.console(Role.LEADER)
    answer = await leader.post(
        "/api/v1/house", content=text, headers={"Content-Type": "application/yaml"}
    )
    assert answer.status_code == 200, answer.text
