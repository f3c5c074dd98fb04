#include "transport/socketio/event.hpp"

#include <utility>

#include "transport/socketio/socket.hpp"

namespace onhand::socketio {

EncodedEvent::EncodedEvent(std::string_view name, std::string_view args, std::string_view nsp,
                           const Attachments& attachments)
    : EncodedEvent(from_json(event_json(name, args), nsp, attachments)) {}

EncodedEvent EncodedEvent::from_json(std::string_view json, std::string_view nsp, const Attachments& attachments) {
    EncodedEvent event;
    event.packet_ = encode_event(nsp, json, encode_attachments(attachments));
    event.json_at_ = event.packet_.head.polling_text().size() - json.size();
    return event;
}

JsonData EncodedEvent::data() const {
    JsonData data;
    data.json = json();
    for (const auto& attachment : packet_.attachments) data.attachments.emplace_back(attachment.binary_payload());
    return data;
}

void AckHandle::reply(std::string_view args, const Attachments& attachments) {
    const auto id = std::exchange(id_, std::nullopt);
    const auto socket = socket_.lock();
    if (id && socket) socket->send(encode_ack(socket->nsp(), *id, args, encode_attachments(attachments)));
}

}  // namespace onhand::socketio
