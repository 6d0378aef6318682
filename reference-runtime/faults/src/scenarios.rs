//! The scenarios: what goes wrong around a runtime.

use crate::{Broken, Scenario};

const BLOCKED: &str = "scheduler_blocked";
const SHUTDOWN: &str = "scheduler_shutdown";
const SURVIVES: &str = "scheduler_survives";
const THREADS: &str = "scheduler_threads";

macro_rules! scenario {
    ($what:literal, [$(($target:expr, $test:literal)),+ $(,)?], $broken:expr) => {
        Scenario { what: $what, tests: &[$(($target, $test)),+], broken_by: $broken }
    };
}

/// Every scenario there is.
pub const SCENARIOS: &[Scenario] = &[
    scenario!(
        "all workers in thread::sleep",
        [
            ("stages_behaviour", "blocked_workers_hold_up_no_other_task"),
            ("stages_behaviour", "blocked_workers_hold_up_no_timer"),
            ("stages_behaviour", "blocked_workers_hold_up_no_socket"),
            ("stages_behaviour", "forty_tasks_meet_at_a_barrier"),
        ],
        Broken::Stage
    ),
    scenario!(
        "all workers in a futex wait",
        [
            (BLOCKED, "all_workers_blocked_by_a_mutex_held_elsewhere"),
            (BLOCKED, "all_workers_blocked_by_a_park"),
            (BLOCKED, "all_workers_blocked_by_a_condition_variable"),
        ],
        Broken::Faults(&["nothing is ever blocked"])
    ),
    scenario!(
        "all workers in a read of a pipe",
        [(BLOCKED, "all_workers_blocked_by_an_empty_pipe")],
        Broken::Faults(&[
            "nothing is ever blocked",
            "the processor goes to nobody",
            "nobody wakes the monitor"
        ])
    ),
    scenario!(
        "all workers in flock",
        [(SURVIVES, "tasks_that_wait_for_a_file_lock_stop_nobody_else")],
        Broken::Faults(&["nothing is ever blocked"])
    ),
    scenario!(
        "all workers in a look-up of a name",
        [("net_behaviour", "names_are_looked_up_in_place_and_bad_ones_are_errors")],
        Broken::Nothing(
            "what getaddrinfo waits in is a read of a socket, which the kernel calls asleep as it does the read of \
             a pipe; a name server that does not answer is not to be had without the rights to set one up"
        )
    ),
    scenario!(
        "all workers in an endless loop",
        [(BLOCKED, "all_workers_blocked_by_an_endless_loop")],
        Broken::Faults(&["who computes is left alone for ever"])
    ),
    scenario!(
        "the only runnable task is in the next-task slot of a blocked one",
        [(BLOCKED, "the_only_runnable_task_behind_a_blocked_one_in_its_next_task_slot_runs")],
        Broken::Faults(&["the next-task slot stays behind"])
    ),
    scenario!(
        "a blocked task is waited for by one in its own queue, and waits for one there",
        [
            (BLOCKED, "a_blocked_task_may_wait_for_tasks_in_its_own_queue"),
            (BLOCKED, "blocked_tasks_may_wait_for_each_other_in_a_chain"),
        ],
        Broken::Faults(&["the queue stays behind"])
    ),
    scenario!(
        "polls that compute on every worker",
        [(SURVIVES, "computing_polls_on_every_worker_hold_up_neither_timers_nor_sockets")],
        Broken::Nothing(
            "such polls come back, so the others only wait; that they wait no longer than they have to is not asserted"
        )
    ),
    scenario!(
        "many more threads of others than cores",
        [(THREADS, "a_computing_task_beside_many_other_threads_is_not_taken_for_blocked")],
        Broken::Faults(&["who has no core is taken for blocked"])
    ),
    scenario!(
        "ten thousand sleepers",
        [(THREADS, "thousands_of_sleeping_tasks_stay_below_max_threads_beside_a_ticker")],
        Broken::Faults(&["threads without a limit"])
    ),
    scenario!(
        "the system refuses a thread, and later does not",
        [(THREADS, "failed_thread_starts_are_survived")],
        Broken::Faults(&["a refused thread is not asked for again", "a refused thread ends the program"])
    ),
    scenario!(
        "a storm, then quiet",
        [("scheduler_endures", "a_storm_leaves_no_threads_behind")],
        Broken::Faults(&["spares are kept for ever"])
    ),
    scenario!(
        "idle for long",
        [(THREADS, "an_idle_runtime_switches_no_contexts")],
        Broken::Faults(&["the monitor never sleeps"])
    ),
    scenario!(
        "a task that wakes now and then",
        [(THREADS, "a_task_that_wakes_now_and_then_costs_few_switches")],
        Broken::Faults(&["the monitor looks on for long"])
    ),
    scenario!(
        "blocks of 1 ms at 1 kHz",
        [(THREADS, "short_blocks_at_a_high_rate_do_not_stop_a_task_that_yields")],
        Broken::Nothing(
            "each block ends by itself, so a runtime that does nothing about them passes too; what the test would see \
             is a rescue that does harm"
        )
    ),
    scenario!(
        "a waker that blocks, called by the reactor",
        [(SHUTDOWN, "a_waker_that_blocks_stops_neither_timers_nor_spawns_from_outside")],
        Broken::Faults(&["wakers are called by who is counted as asleep"])
    ),
    scenario!(
        "wakers that panic or use the runtime in clone, wake and drop",
        [(SHUTDOWN, "wakers_that_panic_or_use_the_runtime_harm_nobody_else")],
        Broken::Faults(&["a waker that panics takes the others with it"])
    ),
    scenario!(
        "a revoked worker wakes ten thousand tasks before it returns",
        [(SURVIVES, "what_a_revoked_poll_wakes_runs_before_it_returns")],
        Broken::Faults(&["who lost the processor queues for itself"])
    ),
    scenario!(
        "a revocation races the end of the poll",
        [(SURVIVES, "a_poll_that_ends_while_its_processor_is_taken_costs_nobody_anything")],
        Broken::Nothing(
            "loom has the race itself, in scheduler/handoff.rs; a fault of a few words that fails this test is not known yet"
        )
    ),
    scenario!(
        "a panic after the revocation",
        [(SURVIVES, "a_panic_after_the_revocation_goes_to_the_handle")],
        Broken::Nothing(
            "no fault of a few words is known yet that fails this test and not every test with a panic in a task"
        )
    ),
    scenario!(
        "a panic in the destructor of an output, and one in that of a payload",
        [
            (SHUTDOWN, "an_output_whose_destructor_panics_ends_no_thread"),
            (SURVIVES, "a_panic_after_the_revocation_goes_to_the_handle"),
        ],
        Broken::Nothing(
            "no fault of a few words is known yet that fails these and not every test with a panic in a task"
        )
    ),
    scenario!(
        "block_on in block_in_place in a blocked poll",
        [(SURVIVES, "block_on_in_block_in_place_in_a_revoked_poll_runs_and_gives_the_thread_back")],
        Broken::Nothing(
            "a worker that keeps what was taken from it runs beside the one that got it, and the results are the same"
        )
    ),
    scenario!(
        "abort and drop of the handle while the task blocks",
        [(SURVIVES, "a_blocked_task_that_nobody_wants_any_more_is_dropped_once_and_when_it_returns")],
        Broken::Faults(&["an abort of a task that is polled is lost"])
    ),
    scenario!(
        "shutdown with blocked polls",
        [(
            SHUTDOWN,
            "a_shutdown_that_does_not_wait_for_ever_names_the_stuck_tasks_and_they_may_come_back_late"
        )],
        Broken::Faults(&["a shutdown names nobody", "a shutdown waits as long as it takes"])
    ),
    scenario!(
        "a runtime dropped inside its own task",
        [(SHUTDOWN, "a_runtime_can_be_dropped_inside_its_own_tasks")],
        Broken::Faults(&["a shutdown waits for the thread it runs on"])
    ),
    scenario!(
        "runtimes made and dropped, again and again",
        [(SHUTDOWN, "two_hundred_runtimes_leave_nothing_behind")],
        Broken::Nothing(
            "what a fault in the shutdown leaves behind is seen by its neighbours; this counts what none of them would"
        )
    ),
    scenario!(
        "destructors of thread-locals that spawn and wake",
        [
            ("scheduler_global", "the_destructor_of_a_thread_local_may_spawn_and_block_on"),
            ("scheduler_global", "the_destructor_of_a_thread_local_of_a_worker_may_spawn"),
        ],
        Broken::Nothing(
            "with a thread-local that cannot be asked any more the standard library panics by itself"
        )
    ),
    scenario!(
        "fork in a task",
        [(SURVIVES, "processes_started_in_tasks_start_and_stop_nobody")],
        Broken::Nothing(
            "a child process replaces itself at once; nothing of ours runs in it that could be broken"
        )
    ),
    scenario!(
        "signals that interrupt every call",
        [("scheduler_endures", "signals_interrupt_nothing")],
        Broken::Faults(&["an interrupted call is an error"])
    ),
    scenario!(
        "SIGSTOP and SIGCONT",
        [(SURVIVES, "a_process_that_is_stopped_and_continued_goes_on_with_its_threads")],
        Broken::Faults(&["an interrupted call is an error"])
    ),
    scenario!(
        "jumps of the clock",
        [("scheduler_endures", "nothing_but_reports_asks_the_clock_that_jumps")],
        Broken::Nothing("the test is a search of the sources; a line with `SystemTime` fails it")
    ),
    scenario!(
        "no descriptor left, and then some",
        [("net_descriptors", "a_listener_survives_too_many_open_files")],
        Broken::Nothing(
            "an error of accept is given to the caller as it is, and nothing is done that could be left out"
        )
    ),
    scenario!(
        "a flood of events with all workers busy",
        [(SURVIVES, "a_flood_of_events_beside_busy_workers_holds_up_no_timer")],
        Broken::Nothing(
            "the beat of the workers and the request of the monitor each suffice, so a fault in one of them is not seen here"
        )
    ),
    scenario!(
        "/proc cannot be read",
        [(BLOCKED, "all_workers_blocked_by_an_empty_pipe")],
        Broken::Faults(&["without the kernel's word nothing is done"])
    ),
    scenario!(
        "one worker, and more workers than cores",
        [(BLOCKED, "all_workers_blocked_by_an_empty_pipe")],
        Broken::Faults(&["nothing is ever blocked"])
    ),
    scenario!(
        "a reset in the middle of a write",
        [("net_tcp", "a_reset_ends_a_write_that_waits"), ("net_behaviour", "a_reset_is_an_error_and_no_end")],
        Broken::Nothing(
            "the kernel's error is handed on as it is, and nothing is done that could be left out"
        )
    ),
    scenario!(
        "half-closed sockets",
        [
            ("net_tcp", "a_half_closed_connection_still_carries_the_other_direction"),
            ("net_behaviour", "a_peer_that_stops_writing_is_still_written_to"),
        ],
        Broken::Faults(&["a half-closed connection is a closed one"])
    ),
    scenario!(
        "clients that send a byte now and then",
        [("net_behaviour", "clients_that_send_a_byte_now_and_then_hold_up_nobody")],
        Broken::Nothing(
            "loom has the race that would lose a byte, in reactor/side.rs; no fault of a few words is known yet that fails this"
        )
    ),
];
