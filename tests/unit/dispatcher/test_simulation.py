"""Two workers, crashes, leases that run out, zombies that report late: whatever the order, the promises hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from dispatcher.states import (
    TERMINAL,
    Action,
    ActionState,
    AttemptResult,
    Cancelled,
    Claimed,
    Finished,
    FiringState,
    GivenBack,
    Happening,
    LeaseExpired,
    Run,
    Step,
)
from dispatcher.transitions import opened, step
from ensue.actions.kind import Failed, Fault, Refused, Result, Succeeded
from ensue.core.outcome import Reason
from ensue.core.retry import RetryPolicy
from ensue.core.trigger import Mode

RESULTS = st.sampled_from([Succeeded(), Failed(Fault.STATUS, "answered 503"), Refused(Reason.REFUSED, "answered 410")])


@dataclass(frozen=True)
class Held:
    """What a worker believes to hold."""

    firing: UUID
    action: UUID
    fence: int


@dataclass
class Store:
    """The database of the simulation: it applies steps and remembers everything that was told."""

    runs: dict[UUID, Run] = field(default_factory=dict)
    outcomes: list[UUID] = field(default_factory=list)
    ended: list[UUID] = field(default_factory=list)
    attempts: dict[tuple[UUID, int], AttemptResult] = field(default_factory=dict)

    def apply(self, firing: UUID, happening: Happening) -> Step:
        done = step(self.runs[firing], happening)
        self.runs[firing] = done.run
        self.outcomes += [firing] if done.over else []
        self.ended += [action.action_id for action in done.ended]
        for end in done.attempts:
            self.attempts[end.action_id, end.attempt] = end.result
        return done

    def action(self, held: Held) -> Action:
        return next(each for each in self.runs[held.firing].actions if each.action_id == held.action)

    def in_state(self, state: ActionState) -> list[Held]:
        return [
            Held(run.firing_id, each.action_id, each.fence)
            for run in self.runs.values()
            for each in run.actions
            if each.state is state
        ]


class Dispatchers(RuleBasedStateMachine):
    """Claims of any worker are in one bundle; a crash drops one, everything else may happen to it at any time."""

    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        self.store = Store()
        self.rightful: dict[UUID, Held] = {}
        self.cancelled: set[UUID] = set()

    @precondition(lambda self: len(self.store.runs) < 2)  # few firings meet often
    @rule(actions=st.integers(1, 3), mode=st.sampled_from(list(Mode)), limit=st.integers(1, 3))
    def take_in(self, actions: int, mode: Mode, limit: int) -> None:
        firing = UUID(int=(len(self.store.runs) + 1) * 100)
        planned = tuple(
            Action(UUID(int=firing.int + place), f"actions.{place}", "log", ActionState.WAITING, RetryPolicy(limit))
            for place in range(actions)
        )
        self.store.runs[firing] = opened(Run(firing, mode, FiringState.OPEN, planned))

    @rule(target=held, choice=st.integers(0, 99))
    def claim(self, choice: int) -> object:
        due = self.store.in_state(ActionState.DUE)
        if not due:
            return multiple()
        return self._claim(due[choice % len(due)])

    def _claim(self, due: Held) -> Held:
        assert self.store.apply(due.firing, Claimed(due.action)).accepted
        claim = Held(due.firing, due.action, self.store.action(due).fence)
        assert due.action not in self.rightful, "two workers hold one action"
        self.rightful[due.action] = claim
        self.store.attempts[due.action, self.store.action(due).attempt] = AttemptResult.STARTED
        return claim

    @rule(claim=held, result=RESULTS, chance=st.floats(0, 1, exclude_max=True))
    def finish(self, claim: Held, result: Result, chance: float) -> None:
        """The claim stays in the bundle: the same worker may report again, and much too late."""
        self._settle(claim, Finished(claim.action, claim.fence, result, chance))

    @rule(target=held, claim=held, result=RESULTS)
    def freeze_and_wake(self, claim: Held, result: Result) -> object:
        """Its lease runs out, another worker takes over, and then it wakes and reports."""
        self._settle(claim, LeaseExpired(claim.action, claim.fence))
        taken_over = [self._claim(due) for due in self.store.in_state(ActionState.DUE) if due.action == claim.action]
        self._settle(claim, Finished(claim.action, claim.fence, result, 0.0))
        return multiple(*taken_over)

    @rule(claim=held)
    def give_back(self, claim: Held) -> None:
        self._settle(claim, GivenBack(claim.action, claim.fence))

    @rule(claim=held)
    def expire(self, claim: Held) -> None:
        self._settle(claim, LeaseExpired(claim.action, claim.fence))

    @rule(claim=consumes(held))
    def crash(self, claim: Held) -> None:
        """The worker is gone; the action runs on in the books until its lease expires."""

    @rule(choice=st.integers(0, 99))
    def reap(self, choice: int) -> None:
        running = self.store.in_state(ActionState.RUNNING)
        if running:
            claim = running[choice % len(running)]
            self._settle(claim, LeaseExpired(claim.action, claim.fence))

    @rule(choice=st.integers(0, 99))
    def cancel(self, choice: int) -> None:
        firings = list(self.store.runs)
        if firings:
            firing = firings[choice % len(firings)]
            self.store.apply(firing, Cancelled(Reason.TRIGGER_DISABLED))
            self.cancelled.add(firing)

    def _settle(self, claim: Held, happening: Finished | GivenBack | LeaseExpired) -> None:
        before = self.store.runs[claim.firing]
        done = self.store.apply(claim.firing, happening)
        assert done.accepted == (self.rightful.get(claim.action) == claim), "only who holds the fence may finish"
        if done.accepted:
            del self.rightful[claim.action]
        else:
            assert self.store.runs[claim.firing] == before

    @invariant()
    def one_outcome_a_firing(self) -> None:
        assert len(set(self.store.outcomes)) == len(self.store.outcomes)
        over = {run.firing_id for run in self.store.runs.values() if run.state is not FiringState.OPEN}
        assert over == set(self.store.outcomes)

    @invariant()
    def one_end_an_action(self) -> None:
        assert len(set(self.store.ended)) == len(self.store.ended)
        ended = {each.action_id for run in self.store.runs.values() for each in run.actions if each.state in TERMINAL}
        assert ended == set(self.store.ended)

    @invariant()
    def attempts_within_the_limit(self) -> None:
        for run in self.store.runs.values():
            for action in run.actions:
                assert 0 <= action.attempt <= action.retry.max_attempts

    @invariant()
    def sequences_keep_their_order(self) -> None:
        for run in self.store.runs.values():
            if run.mode is Mode.SEQUENTIAL:
                begun = [action for action in run.actions if action.attempt or action.state is ActionState.DUE]
                before_last = begun[:-1]
                assert all(action.state is ActionState.SUCCEEDED for action in before_last)

    @invariant()
    def nothing_cancelled_begins(self) -> None:
        due = {held.firing for held in self.store.in_state(ActionState.DUE)}
        assert not due & self.cancelled

    def teardown(self) -> None:
        """Faults stop; what is left runs to its end."""
        for claim in self.store.in_state(ActionState.RUNNING):
            self.store.apply(claim.firing, LeaseExpired(claim.action, claim.fence))
        while due := self.store.in_state(ActionState.DUE):
            for held in due:
                self.store.apply(held.firing, Claimed(held.action))
                fence = self.store.action(held).fence
                self.store.apply(held.firing, Finished(held.action, fence, Succeeded(), 0.0))
        assert sorted(self.store.outcomes) == sorted(self.store.runs), "every firing has exactly one outcome"


@pytest.mark.requirement("R4.5", "R4.12")
def test_whatever_happens_each_firing_ends_once() -> None:
    run_state_machine_as_test(
        Dispatchers,
        settings=settings(
            max_examples=150,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
