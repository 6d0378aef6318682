//! One suite for all stages: what each of them promises, it keeps from then on.
//!
//! A behaviour is a function of a stage that returns if the stage has it. The table at the end names the
//! first stage of each. Every behaviour is run on that stage and on all later ones, and must return; and on
//! the stage before, where it must not. Both run in a process of their own, under a watchdog: that of a stage
//! which cannot do it hangs, or panics with a sentence that names the stage that can.
//!
//! No test sleeps in order to wait for something. Barriers, channels and counters decide; the clock only ends
//! what hangs.

mod adaptive;
mod block_on;
mod blocking;
mod in_place;
mod reactor;
mod shutdown;
mod stealing;
mod tasks;
mod watchdog;

use reference_runtime::stages::{Front, Stage};

/// A running stage.
fn start(stage: Stage, workers: usize) -> Front {
    Front::new(stage, workers).expect("the system has threads and a poller left")
}

/// The test that the watchdog runs in a process of its own. In a plain run of the suite there is nothing to
/// do.
#[test]
fn the_child_of_a_watchdog_runs_one_behaviour() {
    watchdog::run_if_child(BEHAVIOURS);
}

/// The tests of a behaviour from its first stage on. A macro, since libtest wants a function for each test.
macro_rules! passes_from {
    ($behaviour:ident, s1) => {
        passes_on!($behaviour, passes_on_s1_block_on, S1BlockOn);
        passes_from!($behaviour, s2);
    };
    ($behaviour:ident, s2) => {
        passes_on!($behaviour, passes_on_s2_executor, S2Executor);
        passes_from!($behaviour, s3);
    };
    ($behaviour:ident, s3) => {
        passes_on!($behaviour, passes_on_s3_stealing, S3Stealing);
        passes_from!($behaviour, s4);
    };
    ($behaviour:ident, s4) => {
        passes_on!($behaviour, passes_on_s4_reactor, S4Reactor);
        passes_from!($behaviour, s5);
    };
    ($behaviour:ident, s5) => {
        passes_on!($behaviour, passes_on_s5_spawn_blocking, S5SpawnBlocking);
        passes_from!($behaviour, s6);
    };
    ($behaviour:ident, s6) => {
        passes_on!($behaviour, passes_on_s6_block_in_place, S6BlockInPlace);
        passes_from!($behaviour, s7);
    };
    ($behaviour:ident, s7) => {
        passes_on!($behaviour, passes_on_s7_adaptive, S7Adaptive);
    };
}

/// One test of a behaviour. A macro for the same reason.
macro_rules! passes_on {
    ($behaviour:ident, $test:ident, $stage:ident) => {
        #[test]
        fn $test() {
            crate::watchdog::passes(stringify!($behaviour), reference_runtime::stages::Stage::$stage);
        }
    };
}

/// The test of a behaviour on the stage before its first. A macro for the same reason.
macro_rules! fails_before {
    ($behaviour:ident, s1) => {};
    ($behaviour:ident, s2) => {
        fails_on!($behaviour, fails_on_s1_block_on, S1BlockOn, S2Executor);
    };
    ($behaviour:ident, s3) => {
        fails_on!($behaviour, fails_on_s2_executor, S2Executor, S3Stealing);
    };
    ($behaviour:ident, s4) => {
        fails_on!($behaviour, fails_on_s3_stealing, S3Stealing, S4Reactor);
    };
    ($behaviour:ident, s5) => {
        fails_on!($behaviour, fails_on_s4_reactor, S4Reactor, S5SpawnBlocking);
    };
    ($behaviour:ident, s6) => {
        fails_on!($behaviour, fails_on_s5_spawn_blocking, S5SpawnBlocking, S6BlockInPlace);
    };
    ($behaviour:ident, s7) => {
        fails_on!($behaviour, fails_on_s6_block_in_place, S6BlockInPlace, S7Adaptive);
    };
}

/// One test that a stage lacks a behaviour. A macro for the same reason.
macro_rules! fails_on {
    ($behaviour:ident, $test:ident, $stage:ident, $first:ident) => {
        #[test]
        fn $test() {
            use reference_runtime::stages::Stage;
            crate::watchdog::fails(stringify!($behaviour), Stage::$stage, Stage::$first);
        }
    };
}

/// Makes the table for the child's process, and the tests. A macro, so that a behaviour is named once.
macro_rules! behaviours {
    ($($first:ident $file:ident { $($behaviour:ident),+ $(,)? })+) => {
        const BEHAVIOURS: &[watchdog::Behaviour] = &[
            $($((stringify!($behaviour), $file::$behaviour as fn(Stage)),)+)+
            (
                "a_future_that_parks_hangs_on_the_threads_own_token",
                block_on::a_future_that_parks_hangs_on_the_threads_own_token,
            ),
            ("nested_block_on_names_the_way_out", in_place::nested_block_on_names_the_way_out),
        ];
        $($(mod $behaviour {
            fails_before!($behaviour, $first);
            passes_from!($behaviour, $first);
        })+)+
    };
}

behaviours! {
    s1 block_on {
        a_future_woken_by_another_thread_finishes,
        a_future_is_polled_only_when_woken,
        a_wake_during_the_poll_polls_again,
        a_future_that_parks_its_thread_keeps_its_wake,
        block_on_works_after_a_panic,
        block_on_nests_outside_of_tasks,
    }
    s2 tasks {
        a_task_runs_beside_block_on,
        join_gives_the_output,
        join_gives_the_panic,
        awaiting_a_handle_resumes_the_panic,
        a_worker_survives_panics,
        a_detached_task_runs_on,
        an_aborted_task_drops_its_future,
        a_yield_goes_to_the_back_of_the_queue,
        a_wake_from_another_thread_during_a_poll_is_kept,
        two_chatting_tasks_do_not_starve_a_third,
        sleeping_workers_are_found_again_and_again,
        tasks_from_many_threads_all_finish,
    }
    s2 shutdown {
        a_drop_cancels_the_tasks_that_wait,
        a_drop_waits_for_a_poll_that_runs,
        a_drop_ends_the_threads,
        a_drop_inside_an_own_task_does_not_wait,
        a_task_spawned_after_the_drop_is_cancelled,
        a_task_that_yields_for_ever_is_cancelled,
        a_destructor_may_spawn_during_the_drop,
        a_shutdown_with_a_limit_names_the_stuck_task,
        a_clone_in_a_task_does_not_keep_the_stage_running,
    }
    s3 stealing {
        two_tasks_run_at_the_same_time,
        a_task_queued_behind_a_blocked_worker_is_stolen,
        what_one_task_spawns_runs_on_two_workers,
    }
    s4 reactor {
        a_sleep_lets_other_tasks_run,
        block_on_sleeps_on_the_timers_of_the_stage,
        a_short_timer_set_after_a_long_one_fires,
        no_timer_fires_early,
        an_echo_server_serves_a_client,
        one_worker_serves_many_connections,
        a_busy_worker_looks_at_the_timers,
        a_sleep_of_a_dropped_stage_is_cancelled,
    }
    s5 blocking {
        a_task_runs_beside_a_blocking_closure,
        two_blocking_closures_in_a_join_meet,
        forty_blocking_closures_meet,
        join_gives_the_panic_of_a_closure,
        a_detached_closure_runs_on,
        a_closure_may_block_on_a_task,
        a_drop_waits_for_a_closure_that_runs,
        a_drop_inside_a_closure_does_not_wait,
    }
    s6 in_place {
        a_closure_in_place_borrows_from_its_task,
        tasks_run_beside_a_closure_in_place,
        sockets_are_served_beside_a_closure_in_place,
        two_closures_in_place_in_a_join_take_turns,
        join_gives_the_panic_of_a_closure_in_place,
        nested_block_on_works,
        block_on_nests_three_deep,
        nested_block_on_works_after_a_panic,
        one_blocked_worker_holds_up_no_timer,
    }
    s7 adaptive {
        blocked_workers_hold_up_no_other_task,
        blocked_workers_hold_up_no_timer,
        blocked_workers_hold_up_no_socket,
        endless_loops_hold_up_no_other_task,
        forty_tasks_meet_at_a_barrier,
        a_blocked_task_keeps_no_task_in_its_slot,
        a_blocked_worker_that_returns_goes_on,
    }
}

/// The second of chapter 1's three ways to wait; the suite runs on the third.
#[test]
fn waiting_with_the_threads_own_token_loses_a_wake() {
    watchdog::hangs("a_future_that_parks_hangs_on_the_threads_own_token", Stage::S1BlockOn);
}

#[test]
fn nested_block_on_names_the_way_out_on_stages_2_to_5() {
    for stage in &Stage::ALL[1..5] {
        watchdog::passes("nested_block_on_names_the_way_out", *stage);
    }
}
