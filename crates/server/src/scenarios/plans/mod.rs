//! Random plans: a whole server, a few clients with several devices, and a list of steps that chance made, with
//! the clock in the test's hand. A model says what every step must answer and tell ([`model`]); at quiet moments
//! everyone is compared with everyone ([`compare`]).
//!
//! The plan is seeded, not the scheduling: each step is awaited, so that a plan replays. `YANSHU_PLANS=1000`
//! runs so many new ones; `YANSHU_PLAN_SEED=7` replays one. A plan that fails is made shorter before it is
//! shown.

mod cast;
mod compare;
mod desk;
mod heard;
mod model;
mod stage;
mod step;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use stage::Stage;
use step::Plan;

/// Plans of an ordinary run, the same in each.
const PLANS: u64 = 12;

/// How long a plan that fails is made shorter, in milliseconds.
const SHORTENING: u32 = 60_000;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

/// The first seed, and how many.
fn asked() -> (u64, u64) {
    match (number("YANSHU_PLAN_SEED"), number("YANSHU_PLANS")) {
        (Some(seed), count) => (seed, count.unwrap_or(1)),
        (None, Some(count)) => (u64::from(rand::random::<u32>()), count),
        (None, None) => (1, PLANS),
    }
}

#[test]
fn random_plans_come_out_as_the_model_says() {
    let (first, count) = asked();
    for seed in first..first + count {
        if let Err(error) = run(seed) {
            let (why, plan) = match error {
                TestError::Fail(why, plan) => (why, plan),
                TestError::Abort(why) => panic!("seed {seed}: {why}"),
            };
            panic!("{why}\n\nYANSHU_PLAN_SEED={seed} replays it. Shortened:\n{plan:?}");
        }
    }
}

/// Carries out the plan of a seed, and if it fails, shorter ones, as long as they fail.
fn run(seed: u64) -> Result<(), TestError<Plan>> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases: 1,
        max_shrink_time: SHORTENING,
        max_shrink_iters: u32::MAX - 1,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    runner.run(&step::plan(), |plan| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(carry_out(&plan)).map_err(TestCaseError::fail)
    })
}

async fn carry_out(plan: &Plan) -> Result<(), String> {
    let mut stage = Stage::new(plan.roles).await?;
    for (number, step) in plan.steps.iter().enumerate() {
        stage.perform(step).await.map_err(|why| format!("step {number}, {step:?}: {why}"))?;
    }
    stage.finish().await.map_err(|why| format!("in the end: {why}"))
}
