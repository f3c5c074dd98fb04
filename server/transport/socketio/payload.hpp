// The plain values that cross the library's border: the JSON of an event with its attachments, whom a broadcast
// goes to, and how a client looks to another server. Plain data, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace onhand::socketio {

// Binary values of one packet. In its JSON {"_placeholder":true,"num":k} stands for the attachment at index k.
using Attachments = std::vector<std::string>;

// Attachments of one packet at most: current clients close the connection when they get more.
constexpr std::size_t attachments_max = 10;

// JSON text with the binary values taken out of it.
struct JsonData {
    std::string json;
    Attachments attachments;
};

// Whom a broadcast goes to: every client of the namespace, or, when rooms are named, everybody who is in one of them,
// each once; in both cases without those who are in one of `except`. The id of a client is a room with this client.
struct Target {
    std::vector<std::string> rooms;
    std::vector<std::string> except;
    bool is_volatile = false;  // leave out clients whose connection takes nothing at the moment
};

// A client, perhaps of another server of the cluster, as fetch_sockets() tells it.
struct RemoteSocket {
    std::string id;
    std::vector<std::string> rooms;  // the client's own id among them
    std::string handshake_json;      // object: headers, time, address, secure, url, query, …; without credentials
    std::string data_json;           // what NamespaceHandler::describe() says; any JSON value
};

}  // namespace onhand::socketio
