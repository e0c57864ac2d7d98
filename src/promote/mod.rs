//! Desired releases and gates: one pure function of catalog, facts and time.
