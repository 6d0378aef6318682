//! The faults, grouped by what they break.

use crate::Fault;

const BLOCKED: &str = "scheduler_blocked";
const FAIRNESS: &str = "scheduler_fairness";
const IN_PLACE: &str = "scheduler_in_place";
const SHUTDOWN: &str = "scheduler_shutdown";
const SURVIVES: &str = "scheduler_survives";
const THREADS: &str = "scheduler_threads";

/// Every fault there is.
pub const FAULTS: &[Fault] = &[
    // ---- What the monitor sees, and what it makes of it ----
    Fault {
        name: "nothing is ever blocked",
        file: "scheduler/seat.rs",
        from: "Sign::Sleeping => Some(Verdict::Blocked),",
        to: "Sign::Sleeping => None,",
        tests: &[
            (BLOCKED, "all_workers_blocked_by_an_empty_pipe"),
            (BLOCKED, "all_workers_blocked_by_a_mutex_held_elsewhere"),
            (BLOCKED, "all_workers_blocked_by_a_park"),
            (BLOCKED, "all_workers_blocked_by_a_condition_variable"),
            (BLOCKED, "blocked_tasks_may_wait_for_each_other_in_a_chain"),
            (SURVIVES, "tasks_that_wait_for_a_file_lock_stop_nobody_else"),
            (
                BLOCKED,
                "a_task_that_blocks_the_worker_that_waited_for_events_does_not_stop_timers_and_sockets",
            ),
        ],
    },
    Fault {
        name: "without the kernel's word nothing is done",
        file: "scheduler/seat.rs",
        from: "Sign::Silent => (lasts >= LONG).then_some(Verdict::Unknown),",
        to: "Sign::Silent => (lasts >= LONG * 1_000_000).then_some(Verdict::Unknown),",
        tests: &[(BLOCKED, "all_workers_blocked_by_an_empty_pipe")],
    },
    // ANCHOR: starved
    Fault {
        name: "who has no core is taken for blocked",
        file: "scheduler/seat.rs",
        from: "(now - first >= 2 * LONG).then_some(Verdict::Starved)",
        to: "(now - first >= Duration::from_millis(1)).then_some(Verdict::Blocked)",
        tests: &[(THREADS, "a_computing_task_beside_many_other_threads_is_not_taken_for_blocked")],
    },
    // ANCHOR_END: starved
    Fault {
        name: "who computes is left alone for ever",
        file: "scheduler/watch.rs",
        from: "if computing == occupied {",
        to: "if computing > occupied {",
        tests: &[(BLOCKED, "all_workers_blocked_by_an_endless_loop")],
    },
    // ---- The hand-off ----
    Fault {
        name: "the next-task slot stays behind",
        file: "scheduler/mod.rs",
        from: "if let Some(runnable) = worker.next_task.take() {\n            self.inject(runnable);\n        }\n        if worker.queue",
        to: "if worker.queue",
        tests: &[(BLOCKED, "the_only_runnable_task_behind_a_blocked_one_in_its_next_task_slot_runs")],
    },
    Fault {
        name: "the queue stays behind",
        file: "scheduler/mod.rs",
        from: "if worker.queue.drain_into(&self.injector) > 0 {",
        to: "if worker.queue.len() == usize::MAX {",
        tests: &[(BLOCKED, "a_blocked_task_may_wait_for_tasks_in_its_own_queue")],
    },
    Fault {
        name: "who lost the processor queues for itself",
        file: "scheduler/worker.rs",
        from: "if self.held.get() == Seen::NONE || self.worker.permit.see() != self.held.get() {",
        to: "if self.held.get() == Seen::NONE {",
        tests: &[(SURVIVES, "what_a_revoked_poll_wakes_runs_before_it_returns")],
    },
    Fault {
        name: "the processor goes to nobody",
        file: "scheduler/mod.rs",
        from: "        self.flush(worker);\n        self.place(processor);",
        to: "        self.flush(worker);",
        tests: &[
            (BLOCKED, "all_workers_blocked_by_an_empty_pipe"),
            (SURVIVES, "what_a_revoked_poll_wakes_runs_before_it_returns"),
        ],
    },
    // ---- Threads ----
    Fault {
        name: "threads without a limit",
        file: "scheduler/threads.rs",
        from: "if self.is_closed || self.workers.len() >= self.most {",
        to: "if self.is_closed {",
        tests: &[
            (THREADS, "thousands_of_sleeping_tasks_stay_below_max_threads_beside_a_ticker"),
            (IN_PLACE, "no_more_blocking_closures_run_at_once_than_there_may_be_threads"),
        ],
    },
    Fault {
        name: "a refused thread is not asked for again",
        file: "scheduler/threads.rs",
        from: "let is_filled = vacancy.is_none_or(|processor| self.place(processor));\n        self.call_for_lane();",
        to: "let is_filled = vacancy.is_none_or(|_| true);",
        tests: &[(THREADS, "failed_thread_starts_are_survived")],
    },
    Fault {
        name: "a refused thread ends the program",
        file: "scheduler/threads.rs",
        from: "            Err(error) => {\n                pool.forget(&worker);",
        to: "            Err(error) => {\n                eprintln!(\"{error}\");\n                std::process::abort();\n                #[allow(unreachable_code)]\n                pool.forget(&worker);",
        tests: &[(THREADS, "failed_thread_starts_are_survived")],
    },
    Fault {
        name: "spares are kept for ever",
        file: "scheduler/threads.rs",
        from: "if pool.is_closed || expires.is_some_and(|time| Instant::now() >= time) {",
        to: "if pool.is_closed {",
        tests: &[("scheduler_endures", "a_storm_leaves_no_threads_behind")],
    },
    Fault {
        name: "a lane with the threads of all lanes",
        file: "scheduler/mod.rs",
        from: "(others - processors.min(others / 4)).max(1)",
        to: "self.config.max_threads",
        tests: &[(IN_PLACE, "closures_that_block_for_ever_at_the_cap_do_not_stop_tasks")],
    },
    Fault {
        name: "the computing lane keeps its width",
        file: "scheduler/watch.rs",
        from: "self.scheduler.widen_computing_lane();",
        to: "",
        tests: &[(BLOCKED, "boxed_tasks_that_block_do_not_stop_boxed_tasks_that_do_not")],
    },
    // ---- Rest ----
    Fault {
        name: "the monitor never sleeps",
        file: "scheduler/watch.rs",
        from: "if is_quiet && all_sleep && self.flush_again.is_empty() {",
        to: "let is_quiet = false;\n        if is_quiet && all_sleep && self.flush_again.is_empty() {",
        tests: &[(THREADS, "an_idle_runtime_switches_no_contexts")],
    },
    Fault {
        name: "the monitor looks on for long",
        file: "scheduler/watch.rs",
        from: "            self.asleep_since = Some(now);\n            return Next::Sleep { first_look: self.pace };",
        to: "            self.asleep_since = Some(now);",
        tests: &[(THREADS, "a_task_that_wakes_now_and_then_costs_few_switches")],
    },
    Fault {
        name: "nobody wakes the monitor",
        file: "scheduler/monitor.rs",
        from: "if let Some(watched) = self.watched.as_ref().filter(|watched| watched.mode.arm()) {",
        to: "if let Some(watched) = self.watched.as_ref().filter(|_| false) {",
        tests: &[
            (BLOCKED, "the_only_runnable_task_behind_a_blocked_one_in_its_next_task_slot_runs"),
            (BLOCKED, "a_blocked_task_may_wait_for_tasks_in_its_own_queue"),
            (BLOCKED, "all_workers_blocked_by_an_empty_pipe"),
        ],
    },
    // ---- Fairness ----
    Fault {
        name: "the next-task slot comes first, always",
        file: "scheduler/worker.rs",
        from: "const SLOT_IN_A_ROW: u32 = 3;",
        to: "const SLOT_IN_A_ROW: u32 = u32::MAX;",
        tests: &[
            (FAIRNESS, "two_tasks_that_wake_each_other_for_ever_starve_nobody"),
            (FAIRNESS, "tasks_that_spawn_for_ever_starve_nobody"),
        ],
    },
    Fault {
        name: "a busy worker never looks up",
        file: "scheduler/worker.rs",
        from: "if self.beat.is_due() {",
        to: "if self.beat.is_due() && false {",
        tests: &[(FAIRNESS, "tasks_that_yield_for_ever_starve_neither_queues_nor_timers_nor_sockets")],
    },
    Fault {
        name: "a task that wakes itself runs at once",
        file: "scheduler/worker.rs",
        from: "Wake::Fresh if !self.is_waking.get() && self.scheduler.config.parts.has(Part::NextTask) => {",
        to: "_ if !self.is_waking.get() && self.scheduler.config.parts.has(Part::NextTask) => {",
        tests: &[("stages_behaviour", "a_yield_goes_to_the_back_of_the_queue::passes_on_s7_adaptive")],
    },
    // ---- Tasks ----
    Fault {
        name: "a wake during the poll is lost",
        file: "runnable/state.rs",
        from: "                (seen + ACTIVE + REFERENCE, Wakeup::Schedule)\n            } else {\n                (seen | WOKEN, Wakeup::Nothing)\n            };\n            // Release: as in `wake`. A task",
        to: "                (seen + ACTIVE + REFERENCE, Wakeup::Schedule)\n            } else {\n                (seen, Wakeup::Nothing)\n            };\n            // Release: as in `wake`. A task",
        tests: &[
            ("stages_behaviour", "a_yield_goes_to_the_back_of_the_queue::passes_on_s7_adaptive"),
            (FAIRNESS, "tasks_that_wake_themselves_for_ever_starve_nobody"),
        ],
    },
    Fault {
        name: "an abort of a task that is polled is lost",
        file: "runnable/state.rs",
        from: "                (seen | ABORTED, Wakeup::Nothing)\n",
        to: "                (seen, Wakeup::Nothing)\n",
        tests: &[(SURVIVES, "a_blocked_task_that_nobody_wants_any_more_is_dropped_once_and_when_it_returns")],
    },
    Fault {
        name: "a waker that panics takes the others with it",
        file: "reactor/woken.rs",
        from: "if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {",
        to: "if let Err(payload) = Ok::<(), Box<dyn std::any::Any + Send>>(waker.wake()) {",
        tests: &[(SHUTDOWN, "wakers_that_panic_or_use_the_runtime_harm_nobody_else")],
    },
    Fault {
        name: "wakers are called by who is counted as asleep",
        file: "scheduler/worker.rs",
        from: "                    let (wakers, waited) = attendant.wait(None);\n                    woken = Some(wakers);",
        to: "                    let (wakers, waited) = attendant.wait(None);\n                    wakers.wake();\n                    woken = None::<Woken>;",
        tests: &[(SHUTDOWN, "a_waker_that_blocks_stops_neither_timers_nor_spawns_from_outside")],
    },
    // ---- The end ----
    Fault {
        name: "a shutdown names nobody",
        file: "scheduler/mod.rs",
        from: "workers.iter().filter(in_a_poll).filter_map(task).collect()",
        to: "workers.iter().filter(in_a_poll).filter_map(task).take(0).collect()",
        tests: &[(
            SHUTDOWN,
            "a_shutdown_that_does_not_wait_for_ever_names_the_stuck_tasks_and_they_may_come_back_late",
        )],
    },
    Fault {
        name: "a shutdown waits as long as it takes",
        file: "scheduler/mod.rs",
        from: "let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));",
        to: "let deadline = timeout.and_then(|_| None::<Instant>);",
        tests: &[(
            SHUTDOWN,
            "a_shutdown_that_does_not_wait_for_ever_names_the_stuck_tasks_and_they_may_come_back_late",
        )],
    },
    Fault {
        name: "a shutdown waits for the thread it runs on",
        file: "scheduler/mod.rs",
        from: "let all_ended = !is_own_thread && self.join_threads(deadline);",
        to: "let all_ended = self.join_threads(deadline);",
        tests: &[(SHUTDOWN, "a_runtime_can_be_dropped_inside_its_own_tasks")],
    },
    Fault {
        name: "a shutdown leaves what waits",
        file: "scheduler/mod.rs",
        from: "                task.abort();\n",
        to: "                drop(task);\n",
        tests: &[(SHUTDOWN, "tasks_that_hold_each_others_wakers_are_dropped")],
    },
    Fault {
        name: "a shutdown drops futures within a wake",
        file: "scheduler/mod.rs",
        from: "        if wake == Wake::Fresh {\n            if let Some(cancelled)",
        to: "        if wake == Wake::Fresh && false {\n            if let Some(cancelled)",
        tests: &[(
            SHUTDOWN,
            "a_wake_under_a_lock_that_the_woken_future_takes_when_dropped_does_not_hang_a_shutdown",
        )],
    },
    Fault {
        name: "a shutdown attends to nothing",
        file: "scheduler/mod.rs",
        from: "            if let Some(attendant) = self.reactor.try_attend() {\n                // Without events",
        to: "            if let Some(attendant) = self.reactor.try_attend().filter(|_| false) {\n                // Without events",
        tests: &[(SHUTDOWN, "a_drop_waits_for_a_poll_that_waits_in_a_nested_block_on_for_a_timer")],
    },
    // ---- Sockets and timers ----
    Fault {
        name: "an interrupted call is an error",
        file: "reactor/mod.rs",
        from: "Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),",
        to: "Err(error) => panic!(\"{error}\"),",
        tests: &[
            ("scheduler_endures", "signals_interrupt_nothing"),
            (SURVIVES, "a_process_that_is_stopped_and_continued_goes_on_with_its_threads"),
        ],
    },
    Fault {
        name: "a half-closed connection is a closed one",
        file: "reactor/source.rs",
        from: "(side.emptied_at == Some(side.changes) && !side.is_special).then_some(side.changes)",
        to: "(side.emptied_at == Some(side.changes)).then_some(side.changes)",
        tests: &[("net_tcp", "a_half_closed_connection_still_carries_the_other_direction")],
    },
];
