//! TestApp builder, typed callers, frozen clock, seeded ids. Only ever a dev-dependency.
