//! Sizes, times, values and text of others in the words in which every door shows them: the terminal and the page.

pub mod bytes;
pub mod reason;
pub mod text;
pub mod time;
pub mod value;
