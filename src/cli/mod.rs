//! The commands: one file each; the only place that chooses aws or sim, prints, and sets exit codes.
