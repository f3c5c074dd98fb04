#pragma once
// One function per command, for decide.cpp alone; each is in the file named after its command. All of them keep the
// rule of decide(): accepted, it changes `set` and appends to `changes`; refused, it changes nothing. Private to the
// room. Pure; the thread that owns the set.

#include "domain/decide.hpp"

namespace onhand::domain {

Outcome judge(const PlaceOrder& command, WorkingSet& set, const Context& context, Changes& changes);
Outcome judge(const FulfilOrder& command, WorkingSet& set, const Context& context, Changes& changes);
Outcome judge(const CancelOrder& command, WorkingSet& set, const Context& context, Changes& changes);
Outcome judge(const AdjustStock& command, WorkingSet& set, const Context& context, Changes& changes);
Outcome judge(const CreateProduct& command, WorkingSet& set, const Context& context, Changes& changes);
Outcome judge(const UpdateProduct& command, WorkingSet& set, const Context& context, Changes& changes);
Outcome judge(const ArchiveProduct& command, WorkingSet& set, const Context& context, Changes& changes);
Outcome judge(const CreateLocation& command, WorkingSet& set, const Context& context, Changes& changes);
Outcome judge(const ImportProducts& command, WorkingSet& set, const Context& context, Changes& changes);
Outcome judge(const RegisterAccount& command, WorkingSet& set, const Context& context, Changes& changes);
Outcome judge(const CreateAccount& command, WorkingSet& set, const Context& context, Changes& changes);
Outcome judge(const UpdateAccount& command, WorkingSet& set, const Context& context, Changes& changes);
Outcome judge(const OpenSession& command, WorkingSet& set, const Context& context, Changes& changes);
Outcome judge(const EndSession& command, WorkingSet& set, const Context& context, Changes& changes);
Outcome judge(const TouchSession& command, WorkingSet& set, const Context& context, Changes& changes);

}  // namespace onhand::domain
