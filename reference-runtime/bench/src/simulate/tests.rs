//! The simulation is worth what it conserves: every task is polled as often as it must be, one core pays for all it
//! does, and no lock is faster than its critical section.

use super::{
    CASES, CORES, Case,
    costs::{Costs, Machine, Time, ns, us},
    loads::Scenario,
    model::Design,
    points::hammer,
};

/// Every design that is compared, and ours.
fn designs(cores: usize) -> Vec<Design> {
    let mut designs = vec![Design::OURS];
    designs.extend(super::CHANGES.iter().map(|change| (change.design)(cores)));
    designs
}

#[test]
fn every_task_is_polled_as_often_as_it_must_be() {
    for case in &CASES {
        for cores in [1, 2, 3, 8, 40] {
            for design in designs(cores) {
                let scenario = (case.scenario)(cores, design);
                let outcome = scenario.run(Machine::large(cores), Costs::measured(), 1);
                let place = format!("{} on {cores} cores, {design:?}", case.name);
                assert!(outcome.came_to_its_end, "{place}: a task was lost");
                for (task, &polled) in outcome.polled.iter().enumerate() {
                    let polls = scenario.polls(task).unwrap_or(polled);
                    assert_eq!(polled, polls, "{place}: task {task} was polled too often or too rarely");
                }
                if case.name == "http" {
                    let polled: u32 = outcome.polled.iter().sum();
                    assert_eq!(polled as usize, outcome.units, "{place}");
                }
            }
        }
    }
}

#[test]
fn a_run_is_the_same_every_time() {
    for case in &CASES {
        let figures = || {
            let figure = case.figure(16, Design::OURS);
            (figure.ns_per_unit, figure.waited_ns_per_unit, figure.busiest)
        };
        assert_eq!(figures(), figures(), "{}", case.name);
    }
}

#[test]
fn one_core_takes_the_sum_of_what_it_does() {
    // Less than a beat, so that there is nothing but polls.
    let (tasks, yields) = (5, 9);
    let costs = Costs::measured();
    let outcome =
        Scenario::yields(1, (1, tasks, yields), us(1), Design::OURS).run(Machine::large(1), costs, 1);
    let polls = Time::from(tasks * (yields + 1));
    // A pop from the queue, what is around a poll, the poll; behind all but the last of each task a push and a look.
    let per_poll = costs.rmw + costs.around_poll + us(1);
    let push = costs.rmw + costs.hit;
    let end = costs.finish + costs.rmw;
    let sum = polls * per_poll + Time::from(tasks * yields) * push + Time::from(tasks - 1) * end;
    let late = ns(500);
    assert!(outcome.took >= sum && outcome.took <= sum + late, "took {} for {sum}", outcome.took);
}

#[test]
fn a_lock_is_as_fast_as_its_critical_section_and_no_faster() {
    let costs = Costs::measured();
    let machine = Machine::large(1);
    for hold in [ns(20), ns(500)] {
        // A lock and an unlock are a write each.
        let alone = 1e12 / (hold + 2 * costs.rmw) as f64;
        let one = hammer(1, Some(true), hold, 0);
        assert!(one <= alone && one > alone / 2.0, "{one} of {alone}");
        // Spinning threads hand it on from core to core, at the distance of two cores at least.
        let handed_on = 1e12 / (hold + machine.near) as f64;
        for cores in [2, 16, 32] {
            let many = hammer(cores, Some(false), hold, 0);
            assert!(many <= handed_on, "{cores} cores: {many} of {handed_on}");
        }
        let full = 1e12 / (hold + 2 * machine.near + 2 * costs.rmw) as f64;
        let many = hammer(32, Some(false), hold, 0);
        assert!((0.95..=1.01).contains(&(many / full)), "{many} of {full}");
    }
}

#[test]
fn a_line_that_all_write_moves_from_core_to_core() {
    let costs = Costs::measured();
    let near = Machine::large(1).near;
    let bound = 1e12 / (near + costs.rmw) as f64;
    let rate = hammer(32, None, 0, 0);
    assert!((0.95..=1.01).contains(&(rate / bound)), "{rate} of {bound}");
    assert!(hammer(64, None, 0, 0) < rate, "two sockets are further apart");
}

#[test]
fn work_that_meets_nobody_scales() {
    let yields = Case::named("yields");
    let one = yields.figure(1, Design::OURS).rate;
    let eight = yields.figure(8, Design::OURS).rate;
    assert!(eight > 7.0 * one, "{eight} for {one}");
}

#[test]
fn numbers_of_cores_are_those_of_the_issue() {
    assert_eq!(CORES.first(), Some(&1));
    assert!(CORES.contains(&64) && CORES.last() == Some(&128));
}
