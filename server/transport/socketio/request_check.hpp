// The checks of the Engine.IO error table that an HTTP request has to pass, in their order, and an owned copy of a
// request for the way to another io thread. Internal to the library; any thread.
#pragma once

#include <optional>
#include <string>

#include "transport/socketio/options.hpp"
#include "transport/socketio/polling_reply.hpp"

namespace onhand::socketio {

class ServerCore;

struct RequestRefusal {
    RequestError error = RequestError::bad_request;
    std::string message;
};
HttpReply refusal_reply(const RequestRefusal& refusal);

// What is kept of the request that begins a session now.
Handshake make_handshake(const RequestView& request, Transport transport);

// The transport the query names; nothing when it names none of ours.
std::optional<Transport> requested_transport(const RequestView& request);

// What can be checked without looking at any session: the transport and the characters of Origin.
std::optional<RequestError> check_request(const RequestView& request);

// Everything a request without a sid has to pass; `arrived_by` is the kind of request it really is.
std::optional<RequestRefusal> check_new_session(const ServerCore& core, const RequestView& request,
                                                Transport arrived_by);

// The CORS fields that go with every answer to this request; empty when CORS is off or the origin is not allowed.
std::string cors_fields(const Options& options, const RequestView& request);

// The answer to a CORS preflight; nothing when the request is none, or CORS is off.
std::optional<HttpReply> preflight_reply(const Options& options, const RequestView& request);

// The field that sets the sticky cookie; empty when it is off.
std::string cookie_field(const Options& options, std::string_view sid);

// Owns the text of a request.
class RequestCopy {
  public:
    explicit RequestCopy(const RequestView& request);
    // Good as long as this object.
    RequestView view() const;

  private:
    std::string method_, target_, origin_, cookie_, host_, user_agent_, authorization_, content_type_, remote_address_;
    std::string cors_headers_, upgrade_, connection_, key_, version_, protocol_;
    bool secure_;
};

}  // namespace onhand::socketio
