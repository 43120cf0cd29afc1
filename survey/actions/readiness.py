"""What a wave asks where, and what it still lacks: all of it, so that one look is enough."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from survey.errors import N_, KernepulsError, Refused
from survey.organisation import Tree, scopes, tree
from survey.tables import Behaviour, Wave, WaveBehaviour


class WaveNotReady(Refused):
    sentence = N_(
        "Wave {wave} cannot be approved or opened yet. Nothing was changed. This is missing:"
        "{missing}"
    )


class CoreTaskMissing(Refused):
    sentence = N_("{unit} {name} has no core task, neither its own nor from a unit above.")


class BehaviourInactive(Refused):
    sentence = N_("Behaviour {behaviour} is no longer active, so {units} have none.")


class BehaviourWithoutUnits(Refused):
    sentence = N_("Behaviour {behaviour} has no units in its scope.")


class NoBehaviour(Refused):
    sentence = N_("The wave asks about no behaviour.")


class UnitNotInTree(Refused):
    sentence = N_("Behaviour {behaviour} names the unit {unit}, which is not there in wave {wave}.")


class TwoBehaviours(Refused):
    sentence = N_(
        "{unit} {name} is in the scope of both {first} and {second}; a unit has one in each wave."
    )


class NotDiscussed(Refused):
    sentence = N_(
        "The date when the works committee discussed the wave. Write it with: "
        "kernepuls wave approve {wave} --med-date DATE"
    )


class NobodyInScope(Refused):
    sentence = N_("Nobody on the staff list belongs to a unit in scope.")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a wave asks where: unit code -> behaviour; and what is missing, in tree order."""

    tree: Tree
    asked: Mapping[str, Behaviour]
    missing: tuple[KernepulsError, ...]

    def collisions(self) -> tuple[KernepulsError, ...]:
        return tuple(one for one in self.missing if isinstance(one, TwoBehaviours))


async def scope_of(wave: Wave, units: Tree | None = None) -> Scope:
    """The scope of a stored wave, from its behaviours and the tree as it sees it, or `units`."""
    chosen = await WaveBehaviour.select(WaveBehaviour.behaviour).where(
        WaveBehaviour.wave == wave.id
    )
    ids = [row["behaviour"] for row in chosen]
    behaviours = (
        await Behaviour.objects().where(Behaviour.id.is_in(ids)).order_by(Behaviour.code)
        if ids
        else []
    )
    seen = await tree(wave.name) if units is None else units
    return assigned(wave.name, seen, behaviours, await scopes())


def assigned(
    wave: str,
    units: Tree,
    behaviours: Iterable[Behaviour],
    reach: Mapping[str, tuple[str, ...]],
) -> Scope:
    """Give every unit in reach its behaviour; a node of a scope means all below.

    Nothing wins a collision: such a wave is refused with both behaviours named.
    """
    asked: dict[str, Behaviour] = {}
    missing: list[KernepulsError] = []
    for behaviour in behaviours:
        named = reach.get(behaviour.code, ())
        missing += [
            UnitNotInTree(behaviour=behaviour.code, unit=unit, wave=wave)
            for unit in named
            if unit not in units
        ]
        inside = units_in(units, named)
        if not inside:
            missing.append(BehaviourWithoutUnits(behaviour=behaviour.code))
        elif not behaviour.active:
            missing.append(BehaviourInactive(behaviour=behaviour.code, units=", ".join(inside)))
        for unit in inside:
            if unit in asked:
                missing.append(
                    TwoBehaviours(
                        unit=unit,
                        name=units[unit].name,
                        first=asked[unit].code,
                        second=behaviour.code,
                    )
                )
            else:
                asked[unit] = behaviour
    missing += [
        CoreTaskMissing(unit=node.code, name=node.name)
        for node in units.values()
        if node.code in asked and not node.core_task
    ]
    if not asked and not missing:
        missing.append(NoBehaviour())
    return Scope(tree=units, asked=asked, missing=tuple(missing))


def units_in(units: Tree, named: Iterable[str]) -> list[str]:
    """The units of a scope, each once, in the order of the tree."""
    inside = {one for unit in named if unit in units for one in units.below(unit)}
    return sorted(inside, key=units.order.__getitem__)
