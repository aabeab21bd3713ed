//! Lists that are read in parts: a part begins at an offset, and names the next one if more remain (W-250).

use yanshu_protocol::Page;

/// Entries of a part, by default and at most (W-249, W-367).
const PAGE: usize = 10;
const LARGEST_PAGE: usize = 100;

/// Where a part begins and how long it is.
pub(super) fn bounds(page: Page) -> (usize, usize) {
    let limit = page.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE);
    (usize::try_from(page.offset).unwrap_or(usize::MAX), limit.clamp(1, LARGEST_PAGE))
}

/// One more than asked for was read: it says where the next page begins (W-250).
pub(super) fn cut<T>(mut found: Vec<T>, offset: usize, limit: usize) -> (Vec<T>, Option<u32>) {
    let more = found.len() > limit;
    found.truncate(limit);
    (found, more.then(|| u32::try_from(offset + limit).unwrap_or(u32::MAX)))
}
