//! The laws of the gates, as properties of random histories.
