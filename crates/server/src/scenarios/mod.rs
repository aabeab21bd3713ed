//! Whole stories through the real server over an in-memory transport, with the clock in the test's hand.

mod absence;
mod arriving;
mod events;
mod filter;
mod history;
mod peer;
mod plans;
mod queries;
mod receipts;
mod resilience;
mod rest;
mod retention;
mod rooms;
mod security;
mod services;
mod settings;
mod signatures;
mod standing;
mod wills;
mod world;

use peer::{MODERN_CONFIG, Peer, plain_conversation, plain_message, text};
use world::World;
