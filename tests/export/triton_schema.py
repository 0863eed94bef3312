"""The part of Triton's published ModelConfig schema that our configurations use, for google.protobuf to parse with.

A field that is not here, of another type or given twice is an error of the parser. A slow test compares this part
with the published schema itself.
"""

from __future__ import annotations

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.message import Message

PACKAGE = "inference"
ENUMS = {
    "DataType": ("TYPE_INVALID", "TYPE_FP32"),
    "Kind": ("KIND_AUTO", "KIND_GPU", "KIND_CPU"),
}
# message -> "name:type ..."; * says repeated, {} a map from strings
MESSAGES = {
    "ModelTensorReshape": "shape:int64*",
    "ModelInput": "name:string data_type:DataType dims:int64* reshape:ModelTensorReshape",
    "ModelOutput": "name:string data_type:DataType dims:int64* label_filename:string",
    "ModelInstanceGroup": "kind:Kind count:int32",
    "ModelDynamicBatching": "preferred_batch_size:int32* max_queue_delay_microseconds:uint64",
    "ModelParameter": "string_value:string",
    "Input": "data_type:DataType dims:int64* zero_data:bool input_data_file:string",
    "ModelWarmup": "name:string batch_size:uint32 inputs:Input{}",
    "ModelConfig": "name:string platform:string max_batch_size:int32 input:ModelInput* output:ModelOutput* "
    "instance_group:ModelInstanceGroup* dynamic_batching:ModelDynamicBatching parameters:ModelParameter{} "
    "model_warmup:ModelWarmup*",
}


def _set_type(field: Field, kind: str) -> None:
    field.label = Field.LABEL_OPTIONAL
    if kind in MESSAGES or kind in ENUMS:
        field.type = Field.TYPE_ENUM if kind in ENUMS else Field.TYPE_MESSAGE
        field.type_name = f".{PACKAGE}.{kind}"
    else:
        field.type = getattr(Field, f"TYPE_{kind.upper()}")


def _add_field(message: descriptor_pb2.DescriptorProto, number: int, name: str, kind: str) -> None:
    field = message.field.add(name=name, number=number)
    _set_type(field, kind.rstrip("*{}"))
    if kind.endswith("{}"):
        entry = message.nested_type.add(name="".join(part.title() for part in name.split("_")) + "Entry")
        entry.options.map_entry = True
        _set_type(entry.field.add(name="key", number=1), "string")
        _set_type(entry.field.add(name="value", number=2), kind.removesuffix("{}"))
        field.type, field.type_name = Field.TYPE_MESSAGE, f".{PACKAGE}.{message.name}.{entry.name}"
    if kind.endswith(("*", "{}")):
        field.label = Field.LABEL_REPEATED


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="part.proto", package=PACKAGE, syntax="proto3")
    for name, values in ENUMS.items():
        enum = file.enum_type.add(name=name)
        for number, value in enumerate(values):
            enum.value.add(name=value, number=number)
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, pair in enumerate(fields.split(), start=1):
            _add_field(message, number, *pair.split(":"))
    return file


def model_config_of(file: descriptor_pb2.FileDescriptorProto) -> type[Message]:
    """The class ModelConfig of a schema."""
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.ModelConfig"))


ModelConfig = model_config_of(_file())


def parse(text: str, schema: type[Message] = ModelConfig) -> Message:
    """A config.pbtxt as a message; whatever the schema does not know raises text_format.ParseError."""
    return text_format.Parse(text, schema())
