// The one translation unit that compiles Asio and Beast. Every other file sees their declarations only, which
// saves seconds per file (the definitions are switched off by the *_SEPARATE_COMPILATION macros).
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
