//! The control plane: keys, credits, sessions, generations, activity, catalogue, upstreams.
