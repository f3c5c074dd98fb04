#pragma once
// Result<T, E>: a value or an expected failure, the one error style of the project. E is the errc enum or error
// struct of the room that returns it. Exceptions are left for bugs and a bad start-up.

#include <boost/system/result.hpp>

namespace onhand {

template <class T, class E>
using Result = boost::system::result<T, E>;

}  // namespace onhand
