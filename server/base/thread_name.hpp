#pragma once
// The name of a thread, as `top -H`, `ps -L`, perf and gdb show it.

namespace onhand {

// Names the calling thread. `name` has at most 15 bytes, which is what Linux keeps (pthread_setname_np(3)).
void name_thread(const char* name);

}  // namespace onhand
