// How a client of this server looks to others: the description that fetch_sockets() gives. Internal to the library; on
// the client's io thread.
#pragma once

#include "transport/socketio/payload.hpp"
#include "transport/socketio/socket.hpp"

namespace onhand::socketio {

// The handshake is told in the keys of the reference implementation. Cookie and Authorization are left out and `auth`
// is empty: they are secrets, and every server of the cluster may read this.
RemoteSocket describe_socket(const Socket& socket);

}  // namespace onhand::socketio
