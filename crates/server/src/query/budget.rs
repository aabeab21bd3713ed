//! How much work one query may cost.

use super::FilterError;

/// The steps a query has left. A step is one small piece of work, in the order of ten nanoseconds: a condition
/// tested, a list element compared, an instruction of a backtracking pattern, four bytes read by a linear one.
/// One budget serves all candidates of a query, so a costly pattern ends the query instead of slowing down
/// others (B-338).
#[derive(Debug, Clone)]
pub struct Budget {
    left: u64,
}

impl Budget {
    /// A budget of so many steps.
    #[must_use]
    pub const fn new(steps: u64) -> Self {
        Self { left: steps }
    }

    /// The steps left.
    #[must_use]
    pub const fn left(&self) -> u64 {
        self.left
    }

    /// Takes `steps` off. Once it has refused, it refuses everything.
    pub fn spend(&mut self, steps: u64) -> Result<(), FilterError> {
        match self.left.checked_sub(steps) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                self.left = 0;
                Err(FilterError::TooCostly)
            }
        }
    }
}

/// About half a second of pure evaluation: enough for a plain condition on ten million conversations.
impl Default for Budget {
    fn default() -> Self {
        Self::new(50_000_000)
    }
}
