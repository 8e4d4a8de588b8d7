"""Configurations as they were written for the two programs that were there before."""

FOLDER = """\
pictures_path: "./pictures"
file_list_path: "./{out}/file_list.csv"
vectors_path: "./{out}/vectors"
infer_classes: True
reduce_vector_dimensionality: True
"""
"""Photos below folders that are their labels; what is made goes into `out`."""

FINDER = """\
paths:
  images_dataframe_path: "./data/images.csv"
  trained_model_path: "./multitask.keras"
  vectors_path: "./finder/vectors.npy"
  ann_index_path: "./finder/ann_index"
dataframe:
  path_field: "image_path"
  labels_field: "kind"
model:
  layer_to_get_input: "kind"
  input_size: [224, 224]
  batch_size: 64
ann_index:
  init_time: {method: "hnsw", space: "cosinesimil"}
  index_time: {M: 15, efConstruction: 100, post: 0}
  query_time: {efSearch: 100}
  k: 10
"""
"""A table of photos, a layer of a trained model, an index by HNSW."""
