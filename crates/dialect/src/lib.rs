//! LLM wire formats as data to data. No sockets, no runtime, no clock.
