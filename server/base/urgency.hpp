#pragma once
// How urgent a thread is when others want the processor too. Called by threads whose work nobody waits for in
// microseconds: the pools of the HTTP server, the merging of runs. It changes the calling thread alone.

namespace onhand {

// The `nice` of work that goes on beside orders: lists, exports, imports, the merging of runs.
inline constexpr int background_nice = 10;

// Makes the calling thread step back: others who wake take the processor from it at once, it takes it from nobody, and
// of a processor that is wanted all the time it gets what `nice` (0 to 19) gives it. A thread that is less urgent
// already stays as it is, and so does every thread where the system refuses.
void step_back(int nice);

// Makes the calling thread run only where nobody else wants the processor (SCHED_IDLE). Others are then placed on its
// processor as if it were free, instead of behind somebody else. Where the processors never pause it still gets a few
// thousandths of one. Cannot be taken back without a privilege.
void yield_to_all();

}  // namespace onhand
